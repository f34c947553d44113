// kill -9 in the middle of a large layer: the next process fetches what is missing of it, and not one byte that is
// here. Bytes are counted where they pass, between the command and its registry.

import {randomBytes} from 'node:crypto';
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, beforeEach, describe, expect, it, vi} from 'vitest';
import type {Descriptor} from '../../src/oci/descriptor.ts';
import {digestOf, hexOf} from '../../src/oci/digest.ts';
import {type FakeRegistry, startFakeRegistry} from '../support/fake-registry.ts';
import {type FaultProxy, startFaultProxy} from '../support/fault-proxy.ts';
import {type TestImage, testImage} from '../support/test-image.ts';
import {type Workspace, workspace} from './command.ts';

const mebibyte = 1024 * 1024;
const layerBytes = 40 * mebibyte;
/** What requests and answers come to. */
const slackBytes = mebibyte;

let space: Workspace;
let registry: FakeRegistry;
let proxy: FaultProxy;
let image: TestImage;
let layer: Descriptor;
let content: Buffer;
let root: string;
let roots = 0;
beforeAll(async () => {
  space = await workspace();
  registry = await startFakeRegistry();
  proxy = await startFaultProxy(() => registry.address);
  content = randomBytes(layerBytes);
  image = await testImage({layers: [{compression: 'none', entries: [{path: 'data', content}]}]});
  layer = image.layers[0] as Descriptor;
  registry.add(image, 'large');
  registry.addManifest('large', '1', image.manifest, image.descriptor.mediaType);
});
afterAll(async () => {
  await proxy?.close();
  await registry?.close();
  await space?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  root = join(space.folder, `state-${roots++}`);
});

/**
 * Runs the command until so many bytes of the layer have come, and kills it. Gives how many are here: megabytes of them
 * may have been in buffers of sockets.
 */
async function killed(args: readonly string[], bytes: number): Promise<number> {
  const running = space.start(args, {root});
  proxy.onceAfter('received', bytes, () => running.child.kill('SIGKILL'));
  expect((await running.done).signal).toBe('SIGKILL');
  return partBytes();
}

/** How many bytes come while the command runs to its end. */
async function received(...runs: readonly (readonly string[])[]): Promise<number> {
  const before = proxy.received;
  const ended = await Promise.all(runs.map((args) => space.run(args, {root})));
  for (const run of ended) expect(run.code, run.stderr).toBe(0);
  return proxy.received - before;
}

const partials = (): string[] => readdirSync(join(root, 'partial'));
const partBytes = (): number => statSync(join(root, 'partial', partials()[0] ?? '')).size;
const pull = (): string[] => ['pull', `${proxy.address}/large:1`];

describe('a pull that is killed', () => {
  it('is gone on with where it was, however often', async () => {
    const first = await killed(pull(), 15 * mebibyte);
    const second = await killed(pull(), 15 * mebibyte);
    expect(second).toBeGreaterThanOrEqual(first);
    expect(await received(pull())).toBeLessThan(layerBytes - second + slackBytes);
    expect(partials()).toEqual([]);
    expect((await space.run(['verify', `${proxy.address}/large:1`], {root})).code).toBe(0);
  });

  it('that had everything but the name of the blob has nothing fetched again', async () => {
    await killed(pull(), 30 * mebibyte);
    const [name = ''] = partials();
    writeFileSync(join(root, 'partial', name), image.blobs.get(layer.digest) as Uint8Array);
    expect(await received(pull())).toBeLessThan(mebibyte);
    expect(readdirSync(join(root, 'blobs/sha256'))).toContain(hexOf(layer.digest));
  });

  it('whose part is damaged has all of it fetched once more', async () => {
    await killed(pull(), 20 * mebibyte);
    const [name = ''] = partials();
    writeFileSync(join(root, 'partial', name), Buffer.alloc(10 * mebibyte));
    const bytes = await received(pull());
    expect(bytes).toBeGreaterThan(layerBytes + 30 * mebibyte - slackBytes);
    expect(bytes).toBeLessThan(layerBytes + 30 * mebibyte + slackBytes);
    expect((await space.run(['verify', `${proxy.address}/large:1`], {root})).code).toBe(0);
  });
});

describe('two pulls at once', () => {
  it('fetch it once', async () => {
    const bytes = await received(pull(), pull());
    expect(bytes).toBeGreaterThan(layerBytes);
    expect(bytes).toBeLessThan(layerBytes + slackBytes);
  });

  /** The second one comes while the first one waits for more in the middle of the layer, and is killed then. */
  async function takenOver(args: readonly string[], others = args): Promise<void> {
    const path = `/v2/large/blobs/${layer.digest}`;
    const before = registry.requests.length;
    registry.fault = (request) => (request.path === path ? {type: 'stall', bytes: 20 * mebibyte} : undefined);
    const first = space.start(args, {root});
    await vi.waitFor(() => expect(partBytes()).toBeGreaterThan(18 * mebibyte), {timeout: 30_000});
    registry.fault = () => undefined;
    const second = space.start(others, {root});
    await second.until(new RegExp(`waiting for another tsbuild that fetches ${layer.digest}`));
    const here = partBytes();
    first.child.kill('SIGKILL');
    await first.done;
    const run = await second.done;
    expect(run.code, run.stderr).toBe(0);
    const asked = registry.requests.slice(before).filter((request) => request.path === path);
    expect(asked.map(({headers}) => headers['range'])).toEqual([undefined, `bytes=${here}-`]);
  }

  it('of which one is killed are none the worse: the other, which says that it waits, goes on', () =>
    takenOver(pull()));

  it('may be builds of different steps', async () => {
    const build = async (path: string): Promise<string[]> => {
      const Dockerfile = `FROM ${proxy.address}/large:1\nCOPY Dockerfile ${path}\n`;
      return [
        'build',
        '--progress=plain',
        '-o',
        'type=oci,dest=/dev/null',
        await space.context({Dockerfile}),
      ];
    };
    await takenOver(await build('/a'), await build('/b'));
  });
});

describe('a build that is killed while its base image comes', () => {
  it('is gone on with where it was', async () => {
    const context = await space.context({Dockerfile: `FROM ${proxy.address}/large:1\nCOPY Dockerfile /\n`});
    const build = ['build', '-o', 'type=oci,dest=/dev/null', context];
    const here = await killed(build, 25 * mebibyte);
    expect(await received(build)).toBeLessThan(layerBytes - here + slackBytes);
    expect(partials()).toEqual([]);
  });

  it('unpacks what was whole only', async () => {
    const context = await space.context({
      Dockerfile: `FROM ${proxy.address}/large:1 AS large\nFROM scratch\nCOPY --from=large data /\n`,
    });
    const out = join(space.folder, `out-${roots}`);
    await killed(['build', '-o', out, context], 25 * mebibyte);
    const [name = ''] = partials();
    writeFileSync(join(root, 'partial', name), Buffer.alloc(10 * mebibyte));
    await received(['build', '-o', out, context]);
    expect(digestOf(readFileSync(join(out, 'data')))).toBe(digestOf(content));
  });
});
