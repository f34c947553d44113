// A C program as people write one: a compiler and a library from Debian through cache mounts, tests during the build,
// and a slim stage that has the program and the library it needs. Built, built again, edited, and run by podman.

import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {namesOf, type Workspace, workspaceWithBases} from './command.ts';
import {type ImageOnDisk, membersOf, readArchive} from './image.ts';
import {Podman} from './podman.ts';
import {openProject, type Project, proxyArgs, whyNoProject} from './project.ts';

type Built = Awaited<ReturnType<Workspace['build']>>;

const reason = await whyNoProject('http://deb.debian.org/');
let space: Workspace;
let project: Project;
let archive: string;
let first: Built;
let image: ImageOnDisk;

function build(...more: readonly string[]): Promise<Built> {
  return space.build(['-t', 'tally', ...proxyArgs, ...more, project.context], {root: project.root});
}

/** The layers of the Dockerfile's last stage, without the base image and the stage `base`. */
function ownLayers(): readonly Buffer[] {
  return image.layers.slice(-4);
}

describe.skipIf(reason !== undefined)('the C program', () => {
  beforeAll(async () => {
    space = await workspaceWithBases({images: ['debian']});
    project = await openProject(space, 'c-program');
    archive = join(space.folder, 'tally.tar');
    first = await build('-o', `type=oci,dest=${archive}`);
    image = readArchive(archive, space.folder);
  });
  afterAll(async () => {
    await space?.[Symbol.asyncDispose]();
  });

  describe('the first build', () => {
    it('runs every step, and its tests pass', () => {
      expect(namesOf(first.steps, 'cached')).toEqual([]);
      expect(first.stderr).toContain('3 tests passed');
    });

    it('compiles once: a later step finds what an earlier one made newer than its sources', () => {
      expect(first.stderr.match(/ -c -o build\/ledger\.o /g)).toHaveLength(1);
    });

    it('holds the program and its library, and neither a compiler nor what apt fetched', () => {
      const names = ownLayers().flatMap(membersOf);
      expect(names).toContain('usr/bin/tally');
      expect(names.some((name) => /libsqlite3\.so\.0$/.test(name))).toBe(true);
      const unwanted = /bin\/(?:gcc|cc|make)$|\.h$|\.a$|\.deb$|var\/lib\/apt\/lists\/./;
      expect(names.filter((name) => unwanted.test(name))).toEqual([]);
      const size = ownLayers().reduce((sum, layer) => sum + layer.length, 0);
      expect(size).toBeGreaterThan(1e6);
      expect(size).toBeLessThan(12e6);
    });

    it('tells its history line by line', () => {
      const lines = image.config.history.slice(-7).map(({created_by: by}) => by);
      expect(lines).toEqual([
        expect.stringMatching(/^ARG DEBIAN_FRONTEND=noninteractive$/),
        expect.stringMatching(
          /^RUN \|1 DEBIAN_FRONTEND=noninteractive \/bin\/sh -c apt-get update && .* # buildkit$/,
        ),
        expect.stringMatching(/^RUN \|1 DEBIAN_FRONTEND=noninteractive \/bin\/sh -c groupadd .* # buildkit$/),
        'COPY /out/ / # buildkit',
        'WORKDIR /data',
        'USER tally',
        'ENTRYPOINT ["tally"]',
      ]);
    });
  });

  describe('a later build', () => {
    it('executes nothing when nothing changed', async () => {
      const metadata = join(space.folder, 'metadata.json');
      expect(namesOf((await build('--metadata-file', metadata)).steps, 'done')).toEqual([]);
      const told = JSON.parse(await readFile(metadata, 'utf8')) as Readonly<Record<string, unknown>>;
      expect(told['containerimage.config.digest']).toBe(image.configDigest);
    });

    it('installs nothing when a source file is edited', async () => {
      const source = join(project.context, 'src', 'main.c');
      await writeFile(source, (await readFile(source, 'utf8')).replace('tally 0.3', 'tally 0.4'));
      const done = namesOf((await build()).steps, 'done');
      expect(done).toContainEqual(expect.stringMatching(/^\[build .*RUN make -j/));
      expect(done.filter((name) => /apt-get|useradd|COPY (?:Makefile|test)/.test(name))).toEqual([
        expect.stringMatching(/COPY test\//),
      ]);
    });
  });

  describe('podman', () => {
    it('runs it as its own user on what comes in', async (test) => {
      const podman = Podman.holding(test, space, archive, 'tally', '/bin/true');
      try {
        const entries = await readFile(join(project.context, 'test', 'march.csv'), 'utf8');
        const expected = await readFile(join(project.context, 'test', 'march.expected'), 'utf8');
        const run = podman.run(['--rm', '-i', 'tally'], entries);
        expect([run.stdout, run.stderr, run.status]).toEqual([expected, '', 0]);
        const who = podman.run(['--rm', '--entrypoint', 'id', 'tally']);
        expect(who.stdout).toBe('uid=990(tally) gid=990(tally) groups=990(tally)\n');
        const wrong = podman.run(['--rm', '-i', 'tally'], 'nonsense\n');
        expect([wrong.status, wrong.stderr]).toEqual([
          1,
          'tally: standard input:1: expected DATE,ACCOUNT,CENTS\n',
        ]);
      } finally {
        podman.close();
      }
    });
  });

  it('leaves nothing behind', async () => {
    expect(await space.leftovers()).toEqual([]);
  });
});
