// A cache inside an image (--cache-to type=inline, BUILDKIT_INLINE_CACHE=1), and --cache-from with images that have
// none: what docker's users write in CI.

import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {pushImage, startRegistry, type TestRegistry} from '../support/registry.ts';
import {namesOf, type Run, type Steps, type Workspace, workspaceWithBases} from './command.ts';

let space: Workspace;
let registry: TestRegistry | undefined;
let context: string;
let roots = 0;

// The image has no layer of `made` and `packed`: their steps are told by their keys alone.
const dockerfile = [
  'FROM busybox AS made',
  'RUN head -c 200000 /dev/urandom > /noise && echo one > /one',
  'FROM busybox AS packed',
  'COPY --from=made /one /in',
  'RUN sed s/one/two/ /in > /out',
  'FROM busybox',
  'COPY a.txt /a',
  'COPY --from=packed /out /two',
  'RUN cat /a /two > /three',
  '',
].join('\n');

beforeAll(async () => {
  space = await workspaceWithBases();
  registry = await startRegistry();
  context = await space.context({Dockerfile: dockerfile, 'a.txt': 'a\n'});
});
beforeEach((test) => {
  if (registry === undefined) test.skip();
});
afterAll(async () => {
  await registry?.close();
  await space?.[Symbol.asyncDispose]();
});

type Built = Run & {readonly steps: Steps};
const newRoot = (): string => `${space.folder}/machine-${++roots}`;
const build = (root: string, ...flags: readonly string[]): Promise<Built> =>
  space.build([...flags, context], {root});
const nameOf = (image: string): string => `${registry?.address}/${image}`;
const digestOf = (run: Run): string => /exporting manifest (sha256:\w+)/.exec(run.stderr)?.[1] ?? run.stderr;

describe('an image with its cache inside', () => {
  it.each([
    ['--cache-to type=inline', 'app:flag', ['--cache-to', 'type=inline']],
    ['BUILDKIT_INLINE_CACHE=1', 'app:argument', ['--build-arg', 'BUILDKIT_INLINE_CACHE=1']],
  ])('made with %s lets another machine run nothing', async (_, image, flags) => {
    const name = nameOf(image);
    const first = await build(newRoot(), ...flags, '-t', name, '--push');
    expect(namesOf(first.steps, 'done')).toHaveLength(6);
    const second = await build(newRoot(), '--cache-from', name, ...flags, '-t', name);
    expect(namesOf(second.steps, 'done')).toEqual([]);
    expect(digestOf(second), 'nothing that was told is lost').toBe(digestOf(first));
    expect(second.stderr).not.toMatch(/warning/i);
  });

  it('runs what changed and all that stands on it', async () => {
    const name = nameOf('app:changed');
    await build(newRoot(), '--cache-to', 'type=inline,mode=min', '-t', name, '--push');
    const edited = await space.context({Dockerfile: dockerfile, 'a.txt': 'b\n'});
    const run = await space.build(['--cache-from', `type=registry,ref=${name}`, edited], {root: newRoot()});
    expect(namesOf(run.steps, 'done').filter((step) => / COPY a| RUN cat/.test(step))).toHaveLength(2);
  });

  it('for several platforms has the steps of each', async () => {
    const crossed = await space.context({
      Dockerfile: `FROM --platform=$BUILDPLATFORM busybox AS made
ARG TARGETARCH
RUN echo "for $TARGETARCH" > /made
FROM scratch
COPY --from=made /made /
`,
    });
    const image = nameOf('app:several');
    const both = ['--platform', 'linux/amd64,linux/arm64'];
    await space.build([...both, '--cache-to', 'type=inline', '-t', image, '--push', crossed], {
      root: newRoot(),
    });
    for (const platforms of [both, ['--platform', 'linux/arm64']]) {
      const flags = [...platforms, '--cache-from', image, '-o', 'type=cacheonly'];
      const {steps} = await space.build([...flags, crossed], {root: newRoot()});
      expect(namesOf(steps, 'done')).toEqual([]);
    }
  });

  it('is not passed on to images that are built on it', async () => {
    const root = newRoot();
    await build(root, '--cache-to', 'type=inline', '-t', nameOf('app:base'));
    const child = await space.context({Dockerfile: `FROM ${nameOf('app:base')}\nENV A=b\n`});
    await space.build(['-t', 'child', child], {root});
    const inspected = await space.run(['inspect', '--format', 'json', 'child'], {root});
    expect(inspected.stdout.toString()).toContain('A=b');
    expect(inspected.stdout.toString()).not.toContain('tsbuild.cache');
  });
});

describe('an image of this machine', () => {
  const archive = (name: string): string => `${space.folder}/${name}.tar`;

  it('is a cache without any registry, when it was loaded with its cache inside', async () => {
    const flags = ['--cache-to', 'type=inline', '-t', 'app', '-o', `type=docker,dest=${archive('app')}`];
    const first = await build(newRoot(), ...flags);
    const root = newRoot();
    expect((await space.run(['load', '-i', archive('app')], {root})).code).toBe(0);
    const second = await build(root, '--cache-from', 'app:latest', '--cache-to', 'type=inline', '-t', 'app');
    expect(namesOf(first.steps, 'done')).toHaveLength(6);
    expect(namesOf(second.steps, 'done')).toEqual([]);
    expect(second.stderr).not.toMatch(/warning/i);
  });

  it('without a cache inside is told of in one sentence, and does not hide what the registry has', async () => {
    await build(newRoot(), '-t', 'bare', '-o', `type=docker,dest=${archive('bare')}`);
    const root = newRoot();
    await space.run(['load', '-i', archive('bare')], {root});
    await space.run(['tag', 'bare', nameOf('app:both')], {root});
    await build(newRoot(), '--cache-to', 'type=inline', '-t', nameOf('app:both'), '--push');
    const found = await build(root, '--cache-from', nameOf('app:both'));
    expect(namesOf(found.steps, 'done')).toEqual([]);
    expect(found.stderr).not.toMatch(/warning/i);
    const other = await space.context({Dockerfile: 'FROM busybox\nRUN echo other\n'});
    const run = await space.build(['--cache-from', 'bare', other], {root});
    expect(run.stderr.match(/warning/gi)).toHaveLength(1);
    expect(run.stderr).toMatch(/bare:latest is an image without cache metadata, so nothing of it is used/);
  });
});

describe('--cache-from', () => {
  it('says of an image without a cache that nothing of it is used', async () => {
    const {reference} = await pushImage(registry?.address ?? '', {
      name: 'plain',
      layers: [{entries: [{path: 'x', content: 'x'}]}],
    });
    const run = await build(newRoot(), '--cache-from', reference);
    expect(run.stderr.match(/is an image without cache metadata, so nothing of it is used/g)).toHaveLength(1);
    expect(namesOf(run.steps, 'done')).toHaveLength(6);
  });

  it('with a name that is not there yet costs nothing and says nothing', async () => {
    const run = await build(newRoot(), '--cache-from', nameOf('nobody:ever'), '-o', 'type=cacheonly');
    expect(run.stderr).not.toMatch(/warning/i);
  });

  it('type=inline is a mistake that names the right way', async () => {
    const run = await space.run(['build', '--cache-from', 'type=inline', context]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/type=inline is for --cache-to only.*--cache-from IMAGE/s);
  });
});
