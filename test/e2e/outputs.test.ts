// Each -o, read back: the OCI layout as tar and directory, the docker archive, the files as directory and tar, the
// image store, and what the command reports for scripts.

import {execFile, execFileSync, spawnSync} from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {membersOf, readArchive, readLayout, unpackTar} from './image.ts';

let space: Workspace;
let context: string;
let small: string;

beforeAll(async () => {
  space = await workspaceWithBases();
  context = await space.context({
    Dockerfile:
      'FROM busybox\nRUN echo made > /made && ln -s made /link && mkdir -m 700 /closed\nCOPY a.txt /in/\nCMD ["cat", "/made"]\n',
    'a.txt': 'a\n',
  });
  small = await space.context({Dockerfile: 'FROM scratch\nCOPY b /dir/b\n', b: 'bee\n'});
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

const at = (name: string): string => join(space.folder, name);

describe('-o type=oci', () => {
  it('writes a layout as a tar', async () => {
    await space.build(['-t', 'app:1', '-o', `type=oci,dest=${at('oci.tar')}`, context]);
    const image = readArchive(at('oci.tar'), space.folder);
    expect(image.layers).toHaveLength(3);
    expect(membersOf(image.layers[1] ?? Buffer.alloc(0)).sort()).toEqual(['closed/', 'link', 'made']);
    expect(image.config.config['Cmd']).toEqual(['cat', '/made']);
  });

  it('writes the same layout as a directory', async () => {
    await space.build(['-t', 'app:1', '-o', `type=oci,dest=${at('oci')},tar=false`, context]);
    expect(readLayout(at('oci')).manifestDigest).toBe(
      readArchive(at('oci.tar'), space.folder).manifestDigest,
    );
  });

  it('writes it to standard output when it is not said where', async () => {
    const {stdout} = await space.build(['-t', 'app:1', '-o', 'type=oci', context]);
    expect(stdout.equals(readFileSync(at('oci.tar')))).toBe(true);
  });

  it('gives the same bytes when it is asked again', async () => {
    await space.build(['-t', 'app:1', '-o', `type=oci,dest=${at('again.tar')}`, context]);
    expect(readFileSync(at('again.tar')).equals(readFileSync(at('oci.tar')))).toBe(true);
  });
});

describe('-o type=docker', () => {
  it('writes an archive that docker load knows', async () => {
    await space.build(['-t', 'app:1', '-o', `type=docker,dest=${at('docker.tar')}`, context]);
    const folder = unpackTar(at('docker.tar'), space.folder);
    const [entry] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
      Config: string;
      RepoTags: string[];
      Layers: string[];
    }[];
    expect(entry?.RepoTags).toEqual(['app:1']);
    expect(entry?.Layers).toHaveLength(3);
    expect(existsSync(join(folder, entry?.Config ?? 'missing'))).toBe(true);
  });
});

describe('the files', () => {
  it('go into a directory with -o DIR', async () => {
    await space.build(['-o', at('files'), small]);
    expect(readdirSync(at('files'))).toEqual(['dir']);
    expect(readFileSync(at('files/dir/b'), 'utf8')).toBe('bee\n');
  });

  it('go into a directory with type=local', async () => {
    await space.build(['-o', `type=local,dest=${at('local')}`, context]);
    expect(readFileSync(at('local/link'), 'utf8')).toBe('made\n');
    expect(statSync(at('local/closed')).mode & 0o777).toBe(0o700);
    expect(statSync(at('local/bin/busybox')).size).toBeGreaterThan(100_000);
  });

  it('and nothing else are in the directory with mode=delete, whatever links are in it', async () => {
    const outside = at('outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'victim'), 'safe');
    mkdirSync(at('mirror/gone/deep'), {recursive: true});
    mkdirSync(at('mirror/dir/b'), {recursive: true});
    writeFileSync(at('mirror/gone/deep/file'), '');
    symlinkSync(outside, at('mirror/link'));
    symlinkSync(outside, at('mirror/dir/link'));
    const asked = ['-o', `type=local,dest=${at('mirror')},mode=delete`, small];
    expect((await space.run(['build', ...asked], {cwd: context})).stderr).toContain(
      '--allow buildx.local.delete',
    );
    expect(existsSync(at('mirror/gone'))).toBe(true);
    await space.build(['--allow', 'buildx.local.delete', ...asked], {cwd: context});
    expect(readdirSync(at('mirror'), {recursive: true}).sort()).toEqual(['dir', 'dir/b']);
    expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('safe');
  });

  it('go into a tar with type=tar', async () => {
    await space.build(['-o', `type=tar,dest=${at('files.tar')}`, small]);
    expect(membersOf(readFileSync(at('files.tar')))).toEqual(['dir/', 'dir/b']);
  });

  it('go to standard output with -o -', async () => {
    const {stdout} = await space.build(['-o', '-', small]);
    expect(membersOf(stdout)).toEqual(['dir/', 'dir/b']);
    expect(spawnSync('tar', ['-xOf', '-', 'dir/b'], {input: stdout}).stdout.toString()).toBe('bee\n');
  });
});

describe('the image store', () => {
  it('lists what was tagged, and shows it', async () => {
    await space.build(['-t', 'app:1', '-t', 'other.example/app:2', context]);
    const images = await space.run(['images']);
    expect(images.code).toBe(0);
    expect(images.stdout.toString()).toMatch(/app\s+1/);
    expect(images.stdout.toString()).toMatch(/other\.example\/app\s+2/);
    const inspected = await space.run(['inspect', 'app:1']);
    expect(JSON.stringify(JSON.parse(inspected.stdout.toString()))).toContain('"Cmd":["cat","/made"]');
  });

  it('says that it does not have an image it does not have', async () => {
    const run = await space.run(['inspect', 'nothing:1']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('nothing');
  });
});

describe('for scripts', () => {
  it('several outputs come from one build', async () => {
    const outputs = ['-o', `type=oci,dest=${at('two.tar')}`, '-o', `type=local,dest=${at('two')}`];
    await space.build([...outputs, small]);
    expect(readArchive(at('two.tar'), space.folder).layers).toHaveLength(1);
    expect(readFileSync(at('two/dir/b'), 'utf8')).toBe('bee\n');
  });

  it('-q prints the image ID and nothing else, --iidfile writes it', async () => {
    const run = await space.run(['build', '-q', '--iidfile', at('iid'), '-t', 'app:1', context]);
    expect(run.stderr).toBe('');
    expect(run.stdout.toString()).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(readFileSync(at('iid'), 'utf8').trim()).toBe(run.stdout.toString().trim());
  });

  it('--iidfile and --metadata-file that could not be written are refused before the build', async () => {
    const bad = await space.context({Dockerfile: 'FROM busybox\nRUN exit 7\n'});
    for (const flag of ['--iidfile', '--metadata-file']) {
      for (const [path, why] of [
        [at('none/file'), `no directory ${at('none')}`],
        [bad, 'is a directory'],
      ] as const) {
        const {code, stderr} = await space.run(['build', flag, path, bad]);
        expect([code, stderr]).toEqual([
          1,
          expect.stringContaining(`${flag} ${path} cannot be written: ${why}`),
        ]);
        expect(stderr).not.toContain('exit 7');
      }
    }
    expect(existsSync(bad)).toBe(true);
  });

  it('--iidfile of a build that makes no image is refused before the build', async () => {
    const bad = await space.context({Dockerfile: 'FROM busybox\nRUN exit 7\n'});
    const outputs = ['-o', `type=local,dest=${at('no-image')}`, '-o', 'type=cacheonly'];
    const {code, stderr} = await space.run(['build', '--iidfile', at('no-id'), ...outputs, bad]);
    expect(stderr).toBe('error[cli-no-image-id]: --iidfile needs an output that makes an image\n');
    expect([code, existsSync(at('no-id'))]).toEqual([2, false]);
  });

  it('--metadata-file may be in the directory that the build makes', async () => {
    const made = at('made/by/build');
    await space.build(['--metadata-file', join(made, 'meta.json'), '-o', `type=local,dest=${made}`, context]);
    expect(existsSync(join(made, 'meta.json'))).toBe(true);
  });

  it('--iidfile writes to a pipe or device, and does not replace it', async () => {
    const pipe = at('pipe');
    execFileSync('mkfifo', [pipe]);
    const reading = promisify(execFile)('cat', [pipe]);
    const run = await space.run(['build', '-q', '--iidfile', pipe, context]);
    expect((await reading).stdout).toBe(run.stdout.toString().trim());
    expect(statSync(pipe).isFIFO()).toBe(true);
    // A stream may be a file, by way of a link that is the machine's.
    const wrapper = ['sh', '-c', `exec "$@" > ${at('streamed')}`, 'sh'];
    await space.run(['build', '--iidfile', '/proc/self/fd/1', context], {wrapper});
    expect(readFileSync(at('streamed'), 'utf8')).toBe(run.stdout.toString().trim());
  });

  it('--metadata-file tells digests', async () => {
    await space.build(['--metadata-file', at('meta.json'), '-o', `type=oci,dest=${at('meta.tar')}`, context]);
    const meta = JSON.parse(readFileSync(at('meta.json'), 'utf8')) as Record<string, unknown>;
    const image = readArchive(at('meta.tar'), space.folder);
    expect(meta['containerimage.digest']).toBe(image.manifestDigest);
    expect(meta['containerimage.config.digest']).toBe(image.configDigest);
  });

  it('--metadata-file tells what each RUN used, also when it is cached', async () => {
    const slow = await space.context({Dockerfile: 'FROM busybox\nRUN sleep 0.3 && echo > /made\nCOPY . /\n'});
    const stepsOf = async (): Promise<unknown> => {
      await space.build(['--metadata-file', at('cost.json'), '-o', 'type=cacheonly', slow]);
      const meta = JSON.parse(readFileSync(at('cost.json'), 'utf8')) as Record<string, unknown>;
      return meta['tsbuild.steps'];
    };
    const first = (await stepsOf()) as {readonly wallMs: number; readonly memoryBytes: number}[];
    expect(first).toMatchObject([{name: expect.stringContaining('RUN sleep'), cached: false}]);
    expect(first[0]?.wallMs).toBeGreaterThanOrEqual(300);
    expect(first[0]?.memoryBytes).toBeGreaterThan(100_000);
    expect(await stepsOf()).toEqual([{...first[0], cached: true}]);
  });

  it('a failed build leaves no half-written output', async () => {
    const bad = await space.context({Dockerfile: 'FROM busybox\nRUN false\n'});
    const run = await space.run(['build', '-o', `type=oci,dest=${at('bad.tar')}`, bad]);
    expect(run.code).toBe(1);
    expect(readdirSync(space.folder).filter((name) => name.includes('bad.tar'))).toEqual([]);
  });
});
