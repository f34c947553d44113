// The product in a few assertions: a build twice executes nothing the second time, in a fresh state directory it gives
// the same layers, and what changes is what had to.

import {cp, readFile, utimes, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {exampleContext, namesOf, type Workspace, workspaceWithBases} from './command.ts';
import {readArchive, readLayout} from './image.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

describe('the example', () => {
  it('runs every step of the stages it needs, and no other', async () => {
    const {steps} = await space.build(['-t', 'example', exampleContext]);
    expect(namesOf(steps, 'cached')).toEqual([]);
    expect(namesOf(steps, 'done').length).toBeGreaterThanOrEqual(12);
    expect([...steps.keys()].filter((name) => name.startsWith('[lint'))).toEqual([]);
  });

  it('executes nothing the second time', async () => {
    const {steps} = await space.build(['-t', 'example', exampleContext]);
    expect(namesOf(steps, 'done')).toEqual([]);
    expect(namesOf(steps, 'cached').length).toBeGreaterThan(0);
  });

  it('gives the same layers in a fresh state directory', async () => {
    const images = [];
    for (const root of ['fresh-1', 'fresh-2']) {
      const dest = join(space.folder, `${root}-layout`);
      await space.build(['-o', `type=oci,dest=${dest},tar=false`, exampleContext], {
        root: join(space.folder, root),
      });
      images.push(readLayout(dest));
    }
    expect(images[1]?.diffIds).toEqual(images[0]?.diffIds);
    expect(images[0]?.diffIds.length).toBeGreaterThan(4);
  });

  it('is told by layers with the line of each instruction, those of stages below and triggers too', async () => {
    const base = ['FROM busybox AS base', 'ONBUILD RUN true', 'RUN <<E', 'true', 'E', 'ENV A=1'];
    const own = ['FROM base AS own', 'COPY --link a /a', 'WORKDIR /w', 'FROM busybox', 'RUN false'];
    const context = await space.context({Dockerfile: [...base, ...own].join('\n'), a: 'a'});
    await space.build(['--target', 'own', '-t', 'lines', context]);
    const {stdout} = await space.run(['layers', '--format', '{{.Line}}', 'lines']);
    expect(stdout.toString().trimEnd().split('\n')).toEqual(
      [1, 3, 7, 8, 9].map((line) => expect.stringMatching(`Dockerfile:${line}$`)),
    );
  });

  it('shows a step no time of the clock in a directory of the context', async () => {
    const look = (source: string): string =>
      `RUN --mount=type=bind,source=${source},target=/m [ "$(stat -c %Y /m)" -le 1600000000 ]`;
    const dockerfile = ['FROM busybox', look('.'), look('d'), ''].join('\n');
    const context = await space.context({
      Dockerfile: dockerfile,
      '.dockerignore': 'Dockerfile',
      a: '',
      'd/a': '',
    });
    for (const name of ['a', 'd/a', 'd', '.dockerignore']) await utimes(join(context, name), 1.6e9, 1.6e9);
    await space.build(['-o', 'type=cacheonly', context]);
  });

  it('carries the config that the Dockerfile asks for', async () => {
    const dest = join(space.folder, 'example.tar');
    await space.build(['--build-arg', 'VERSION=2', '-o', `type=oci,dest=${dest}`, exampleContext]);
    const {config} = readArchive(dest, space.folder).config;
    expect(config).toMatchObject({
      User: 'web',
      WorkingDir: '/srv/site',
      ExposedPorts: {'8080/tcp': {}},
      Entrypoint: ['httpd', '-f', '-p', '8080'],
      Cmd: ['-h', '/srv/site'],
      Labels: {'org.opencontainers.image.version': '2', 'org.opencontainers.image.title': 'example site'},
    });
    expect(config['Env']).toContain('SITE_ROOT=/srv/site');
  });

  it('builds a stage that only --target asks for', async () => {
    const {steps} = await space.build(['--target', 'lint', exampleContext]);
    expect(namesOf(steps, 'done').some((name) => name.startsWith('[lint'))).toBe(true);
  });

  it('leaves nothing behind', async () => {
    expect(await space.leftovers()).toEqual([]);
  });
});

describe('what is rebuilt', () => {
  let context: string;
  beforeAll(async () => {
    context = join(space.folder, 'changing');
    await cp(exampleContext, context, {recursive: true});
    await space.build([context]);
  });

  it('nothing, when a file is only touched', async () => {
    await utimes(join(context, 'posts/about.txt'), new Date(), new Date());
    expect(namesOf((await space.build([context])).steps, 'done')).toEqual([]);
  });

  it('nothing, when a file that .dockerignore names is edited', async () => {
    await writeFile(join(context, 'notes.md'), 'other ideas\n');
    await writeFile(join(context, 'posts/next.draft.txt'), 'almost ready\n');
    expect(namesOf((await space.build([context])).steps, 'done')).toEqual([]);
  });

  it('only the stage that reads the edited file and what copies from it', async () => {
    await writeFile(join(context, 'posts/about.txt'), 'About\n=====\n\nEdited.\n');
    const done = namesOf((await space.build([context])).steps, 'done');
    expect(done.some((name) => /\[site .*COPY posts/.test(name))).toBe(true);
    expect(done.filter((name) => /\[(report|tools) /.test(name))).toEqual([]);
  });

  it('nothing after a step whose result stays the same', async () => {
    const csv = join(context, 'data/visits.csv');
    const lines = (await readFile(csv, 'utf8')).trimEnd().split('\n');
    // The report sums up, so the order of days does not matter to it.
    await writeFile(csv, `${[lines[0], ...lines.slice(1).reverse()].join('\n')}\n`);
    const done = namesOf((await space.build([context])).steps, 'done');
    expect(done.some((name) => name.startsWith('[report '))).toBe(true);
    expect(done.filter((name) => !name.startsWith('[report '))).toEqual([]);
  });

  it('every step, with --no-cache, and the layers stay the same', async () => {
    // A state of its own: a cached COPY of the same bytes with other times would stand for this one.
    const root = join(space.folder, 'no-cache-state');
    const [first, second] = [join(space.folder, 'cached-layout'), join(space.folder, 'uncached-layout')];
    await space.build(['-o', `type=oci,dest=${first},tar=false`, context], {root});
    const output = `type=oci,dest=${second},tar=false`;
    const {steps} = await space.build(['--no-cache', '-o', output, context], {root});
    // WORKDIR makes a directory and nothing else: as in BuildKit, --no-cache does not concern it.
    expect(namesOf(steps, 'cached').filter((name) => !name.includes('WORKDIR'))).toEqual([]);
    expect(readLayout(second).diffIds).toEqual(readLayout(first).diffIds);
  });
});
