// Builds for several platforms: what is made once and what for each, where the results go, and programs for another
// machine, which an emulator runs or nobody.

import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {defaultState} from '../../fixtures/base-images.mjs';
import {namesOf, type Workspace, workspaceWithBases} from './command.ts';
import {architecturesWithoutEmulator, arm64Emulator} from './emulator.ts';
import {membersOf} from './image.ts';
import {needCommand, needRoot, skip} from './requirements.ts';

let space: Workspace;
/** Cross-compiled, as it were: all work is done by programs of this machine. */
let cross: string;
/** Works in its own programs. */
let native: string;
/** Why there is no arm64 busybox. */
let noForeign: string | undefined;

const both = '--platform=linux/amd64,linux/arm64';

beforeAll(async () => {
  // Apart from the other tests' images, which have one platform.
  const state = join(defaultState, 'several');
  space = await workspaceWithBases({state, foreign: ['arm64']}).catch((error: unknown) => {
    noForeign = `no busybox for arm64: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
    return workspaceWithBases();
  });
  cross = await space.context({
    Dockerfile: `FROM --platform=$BUILDPLATFORM busybox AS build
RUN echo for all > /all
ARG TARGETPLATFORM TARGETARCH TARGETVARIANT BUILDPLATFORM
RUN echo "$BUILDPLATFORM makes $TARGETPLATFORM: $TARGETARCH $TARGETVARIANT" > /made
FROM scratch
COPY same /same
COPY --from=build /all /made /
CMD ["/made"]
`,
    same: 'everywhere\n',
  });
  native = await space.context({
    Dockerfile: `FROM --platform=$BUILDPLATFORM busybox AS build
RUN echo shared > /shared
FROM busybox
WORKDIR /app
COPY --from=build /shared .
RUN uname -m > machine
CMD ["cat", "/app/machine"]
`,
  });
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

const at = (name: string): string => join(space.folder, name);

function tool(command: string, ...args: string[]): string {
  const run = spawnSync(command, args, {encoding: 'utf8', env: {...process.env, LC_ALL: 'C'}});
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${run.error?.message ?? run.stderr}`);
  return run.stdout;
}

interface Index {
  readonly mediaType: string;
  readonly manifests: readonly {readonly digest: string; readonly platform: object}[];
}

describe('steps of a build for several platforms', () => {
  it('run once where they do not depend on it, and are named by their platform', async () => {
    const outputs = ['-o', `type=local,dest=${at('crossed')}`];
    const {steps} = await space.build(['--platform=linux/arm/v7,linux/amd64,linux/arm', ...outputs, cross]);
    expect(namesOf(steps, 'done').toSorted()).toEqual(
      [
        '[linux/amd64 build 3/3] RUN echo "linux/amd64 makes linux/amd64: amd64 " > /made',
        '[linux/amd64 build 2/3] RUN echo for all > /all',
        '[linux/amd64 stage-1 2/2] COPY --from=build /all /made /',
        '[linux/amd64->arm/v7 build 3/3] RUN echo "linux/amd64 makes linux/arm/v7: arm v7" > /made',
        '[linux/arm/v7 stage-1 1/2] COPY same /same',
        '[linux/arm/v7 stage-1 2/2] COPY --from=build /all /made /',
      ].toSorted(),
    );
    expect(readdirSync(at('crossed')).sort()).toEqual(['linux_amd64', 'linux_arm_v7']);
    expect(readFileSync(at('crossed/linux_arm_v7/made'), 'utf8')).toBe(
      'linux/amd64 makes linux/arm/v7: arm v7\n',
    );
    expect(readFileSync(at('crossed/linux_amd64/made'), 'utf8')).toBe(
      'linux/amd64 makes linux/amd64: amd64 \n',
    );
    for (const folder of ['linux_amd64', 'linux_arm_v7'])
      expect(readFileSync(at(`crossed/${folder}/same`), 'utf8')).toBe('everywhere\n');
  });

  it('are all cached the second time, and give the same bytes', async () => {
    const archive = (name: string): string[] => [both, '-o', `type=oci,dest=${at(name)}`, cross];
    await space.build(archive('first.tar'));
    const {steps} = await space.build(archive('second.tar'));
    expect(namesOf(steps, 'done')).toEqual([]);
    expect(readFileSync(at('second.tar')).equals(readFileSync(at('first.tar')))).toBe(true);
  });

  it('have their mistakes told before any of them runs, the same one once', async () => {
    const context = await space.context({
      Dockerfile:
        'FROM scratch AS a\nCOPY ran /\nRUN ["/ran"]\nFROM scratch\nCOPY --from=a /ran /\nWORKDIR ${GO:?where to}\n',
      ran: '',
    });
    const run = await space.run(['build', '--progress=plain', both, context]);
    expect(run.code).toBe(1);
    expect(run.stderr.match(/^error.*/gm)).toEqual([expect.stringMatching(/where to/)]);
    expect(run.stderr).not.toMatch(/^#\d+ .*(?:COPY|RUN)/m);
  });

  it('do not begin when a base image has no such platform, and the ones it has are named', async () => {
    const context = await space.context({Dockerfile: 'FROM busybox\nRUN true\n'});
    const run = await space.run(['build', '--platform=linux/amd64,linux/riscv64', context]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/busybox:latest: no image for platform linux\/riscv64/);
    expect(run.stderr).toMatch(/it has linux\/amd64/);
  });
});

describe('the result for several platforms', () => {
  it('is an index in an OCI layout, and its digest what scripts get', async (test) => {
    const outputs = ['-t', 'cross:1', '-o', `type=oci,dest=${at('oci')},tar=false`];
    const files = ['--iidfile', at('iid'), '--metadata-file', at('metadata')];
    await space.build([both, ...outputs, ...files, cross]);
    const id = readFileSync(at('iid'), 'utf8');
    const metadata = JSON.parse(readFileSync(at('metadata'), 'utf8')) as Record<string, unknown>;
    expect(metadata).toMatchObject({
      'containerimage.digest': id,
      'containerimage.descriptor': {mediaType: 'application/vnd.oci.image.index.v1+json', digest: id},
      'image.name': 'docker.io/library/cross:1',
    });
    expect(metadata).not.toHaveProperty(['containerimage.config.digest']);
    const layout = JSON.parse(readFileSync(at('oci/index.json'), 'utf8')) as Index;
    expect(layout.manifests.map(({digest}) => digest)).toEqual([id]);

    const skopeo = needCommand(test, 'skopeo');
    const index = JSON.parse(tool(skopeo, 'inspect', '--raw', `oci:${at('oci')}:1`)) as Index;
    expect(index.manifests.map(({platform}) => platform)).toEqual([
      {os: 'linux', architecture: 'amd64'},
      {os: 'linux', architecture: 'arm64'},
    ]);
    for (const architecture of ['amd64', 'arm64']) {
      const choice = ['--override-os=linux', `--override-arch=${architecture}`];
      const config: unknown = JSON.parse(
        tool(skopeo, ...choice, 'inspect', '--config', `oci:${at('oci')}:1`),
      );
      expect(config).toMatchObject({os: 'linux', architecture, config: {Cmd: ['/made']}});
    }
    tool(skopeo, 'copy', '-q', '--all', '--insecure-policy', `oci:${at('oci')}:1`, `dir:${at('all')}`);
  });

  it('is an index in the image store, of which FROM takes what fits', async () => {
    await space.build([both, '-t', 'base:1', cross]);
    const listed = await space.run(['images', '--format=json', 'base:1']);
    const images = listed.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as {Platform: string; Digest: string});
    expect(images.map((image) => image.Platform)).toEqual(['linux/amd64', 'linux/arm64']);
    expect(new Set(images.map(({Digest}) => Digest)).size).toBe(1);
    const context = await space.context({Dockerfile: 'FROM base:1\nCOPY more /\n', more: 'more\n'});
    for (const architecture of ['amd64', 'arm64']) {
      const dest = at(`from-${architecture}`);
      await space.build([`--platform=linux/${architecture}`, '-o', `type=local,dest=${dest}`, context]);
      expect(readFileSync(join(dest, 'made'), 'utf8')).toContain(`makes linux/${architecture}`);
      expect(existsSync(join(dest, 'more'))).toBe(true);
    }
  });

  it('is a directory for each platform in a tar', async () => {
    const run = await space.run(['build', both, '-o', 'type=tar,dest=-', cross]);
    expect(run.code).toBe(0);
    expect(membersOf(run.stdout)).toEqual(
      ['linux_amd64', 'linux_arm64'].flatMap((name) =>
        ['', 'all', 'made', 'same'].map((file) => `${name}/${file}`),
      ),
    );
  });

  it('is one directory with platform-split=false, where no file has two contents', async () => {
    const context = await space.context({
      Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /bin/\nARG COMMON=none\nCOPY $COMMON* /\n',
      'amd64/app-amd64': '1',
      'arm64/app-arm64': '2',
      common: '3',
    });
    const build = (type: string, ...more: string[]) =>
      space.run([
        'build',
        both,
        '-o',
        `type=${type},platform-split=false,dest=${at('merged')}`,
        ...more,
        context,
      ]);
    expect(await build('local')).toMatchObject({code: 0});
    expect(readdirSync(at('merged/bin')).sort()).toEqual(['app-amd64', 'app-arm64']);
    const refused = await build('local', '--build-arg=COMMON=common');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/one file over another: common of linux\/amd64 and of linux\/arm64/);
    expect(existsSync(at('merged/common'))).toBe(false);
  });

  it('does not fit into a docker archive, which is told before anything runs', async () => {
    const run = await space.run(['build', both, '-o', `type=docker,dest=${at('docker.tar')}`, cross]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(
      /holds an image for one platform, and this build is for linux\/amd64, linux\/arm64/,
    );
    expect(run.stderr).toMatch(/hint: type=oci holds several/);
    expect(existsSync(at('docker.tar'))).toBe(false);
  });

  it('may be nothing but a full cache', async () => {
    const {steps} = await space.build([both, '-o', 'type=cacheonly', cross]);
    expect(namesOf(steps, 'done')).toEqual([]);
  });

  it('is an index of one where BUILDKIT_MULTI_PLATFORM asks for it', async () => {
    const more = ['--build-arg=BUILDKIT_MULTI_PLATFORM=1', '-o', `type=local,dest=${at('single')}`];
    await space.build(['--platform=linux/arm64', ...more, cross]);
    expect(readdirSync(at('single'))).toEqual(['linux_arm64']);
  });
});

describe('programs for another machine', () => {
  it('run with an emulator; what they made needs none later', async (test) => {
    if (noForeign !== undefined) skip(test, noForeign);
    const outputs = ['-t', 'native:1', '-o', `type=oci,dest=${at('native')},tar=false`];
    const files = ['-o', `type=local,dest=${at('native-files')}`];
    {
      using _ = arm64Emulator(test);
      const {steps} = await space.build([both, ...outputs, ...files, native]);
      expect(namesOf(steps, 'done')).toContain('[linux/arm64 stage-1 4/4] RUN uname -m > machine');
      expect(namesOf(steps, 'done').filter((name) => name.includes('echo shared'))).toHaveLength(1);
    }
    const machines = ['linux_amd64', 'linux_arm64'].map((name) =>
      readFileSync(at(`native-files/${name}/app/machine`), 'utf8').trim(),
    );
    expect(machines).toEqual(['x86_64', 'aarch64']);
    const {steps} = await space.build([both, ...outputs, native]);
    expect(namesOf(steps, 'done')).toEqual([]);
  });

  it('are in an index that a registry takes, and of which others run the image for this machine', (test) => {
    if (!existsSync(at('native'))) skip(test, 'nothing was built');
    const [skopeo, buildah] = [needCommand(test, 'skopeo'), needCommand(test, 'buildah')];
    const there = `docker://${space.registry?.address}/e2e/native:1`;
    const copy = ['copy', '-q', '--all', '--insecure-policy', '--dest-tls-verify=false'];
    tool(skopeo, ...copy, `oci:${at('native')}:1`, there);
    const storage = ['--root', at('theirs'), '--runroot', at('theirs-run'), '--storage-driver', 'vfs'];
    const container = tool(buildah, ...storage, 'from', '-q', '--tls-verify=false', there).trim();
    const run = ['run', '--isolation', 'chroot', container, '--', 'cat', '/app/machine'];
    expect(tool(buildah, ...storage, ...run)).toBe('x86_64\n');
    tool(buildah, ...storage, 'rm', container);
  });

  it('are refused where nobody can run them, before anything runs', async (test) => {
    const [one, other] = architecturesWithoutEmulator(test);
    const context = await space.context({
      Dockerfile:
        'FROM --platform=$BUILDPLATFORM busybox AS build\nRUN echo ran > /x\nFROM scratch\n' +
        'COPY --from=build /x /\nRUN ["/x"]\nRUN ["/y"]\n',
    });
    const run = await space.run([
      'build',
      '--progress=plain',
      `--platform=linux/${one},linux/${other}`,
      context,
    ]);
    expect(run.code).toBe(3);
    expect(run.stderr.match(/^error.*/gm)).toEqual([
      expect.stringContaining(`programs for linux/${one} cannot run on this machine: no emulator`),
      expect.stringContaining(`programs for linux/${other} cannot run on this machine: no emulator`),
    ]);
    expect(run.stderr).toMatch(/--> .*Dockerfile:5:1/);
    expect(run.stderr).toMatch(/apt install qemu-user-static/);
    expect(run.stderr).not.toMatch(/^#\d+ .*RUN echo ran/m);
  });

  it('are tried where the kernel’s list cannot be seen, and the failure says so', async (test) => {
    needRoot(test);
    const [one] = architecturesWithoutEmulator(test);
    if (one !== 'mips64') test.skip('there is an emulator for mips64');
    const header = `\x7fELF\x02\x02\x01${'\0'.repeat(9)}\0\x02\0\x08\0\0\0\x01`;
    const context = await space.context({
      Dockerfile: 'FROM scratch\nCOPY --chmod=755 program /\nRUN ["/program"]\n',
      program: header + '\0'.repeat(40),
    });
    const hide = 'umount /proc/sys/fs/binfmt_misc; exec "$@"';
    const wrapper = ['unshare', '--mount', 'sh', '-c', hide, 'sh'];
    const run = await space.run(['build', '--progress=plain', '--platform=linux/mips64', context], {wrapper});
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(
      /programs for linux\/mips64 cannot run on this machine: .* binfmt_misc is not mounted/,
    );
    expect(run.stderr).toMatch(/^ {2}exec: cannot run \/program: exec format error$/m);
  });
});
