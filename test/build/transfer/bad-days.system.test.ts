// What a transfer makes of a registry that is killed and started again in the middle, and of disks that are full, on
// either side: it ends in success or in one clear error, nothing that is not whole is ever stored, and what is done
// again sends or fetches only what is missing.

import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync, rmSync} from 'node:fs';
import {mkdtemp} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import type {TestImage} from '../../support/test-image.ts';
import {imageOf, mebibyte, RegistryRig, talkBytes} from './registry-rig.ts';

let rig: RegistryRig | undefined;
let image: TestImage;
beforeAll(async () => {
  rig = await RegistryRig.start();
  image = await imageOf(4, 6);
});
afterAll(() => rig?.close());
beforeEach(() => rig?.renew());

const total = (): number => [...image.blobs.values()].reduce((sum, {length}) => sum + length, 0);

/** Every blob of a state directory that is not what its name says. */
function rotten(root: string): string[] {
  const folder = join(root, 'blobs/sha256');
  return readdirSync(folder).filter((hex) => digestOf(readFileSync(join(folder, hex))) !== `sha256:${hex}`);
}

/** Kills the registry when so many bytes have come, and starts it again a moment later. */
function restartAfter({proxy, registry}: RegistryRig, direction: 'sent' | 'received', bytes: number) {
  return new Promise<void>((resolve, reject) => {
    proxy.onceAfter(direction, bytes, () => {
      registry
        .kill()
        .then(() => sleep(700))
        .then(() => registry.restart())
        .then(resolve, reject);
    });
  });
}

describe('a registry that is killed in the middle and started again', () => {
  it('has the whole image after the push that was under way', async (test) => {
    if (rig === undefined) return test.skip();
    const {registry} = rig;
    await rig.store(image, 'push:1');
    const restarted = restartAfter(rig, 'sent', 5 * mebibyte);
    const sent = await rig.bytes('sent', () => rig?.push('push:1') as Promise<unknown>);
    await restarted;
    expect(sent).toBeLessThan(2 * total() + talkBytes);
    await rig.pull('push:1', join(rig.root, 'other'), registry.address);
    expect(rotten(join(rig.root, 'other'))).toEqual([]);
  });

  it('is pulled from, each byte once', async (test) => {
    if (rig === undefined) return test.skip();
    await rig.store(image, 'pull:1');
    await rig.push('pull:1');
    const restarted = restartAfter(rig, 'received', 5 * mebibyte);
    const received = await rig.bytes('received', () => rig?.pull('pull:1') as Promise<unknown>);
    await restarted;
    expect(received).toBeLessThan(total() + talkBytes + 2 * mebibyte);
    expect(rotten(join(rig.root, 'other'))).toEqual([]);
  });

  it('may be spoken to directly: a refused connection is no end where it answered before', async (test) => {
    if (rig === undefined) return test.skip();
    const {registry} = rig;
    await rig.store(image, 'direct:1', registry.address);
    await rig.push('direct:1', registry.address);
    await rig.transfer(async ({engine, signal}) => {
      const client = await engine.registry();
      const reference = rig?.name('direct:1', registry.address) as Parameters<typeof client.tags>[0];
      await client.tags(reference, signal);
      await registry.kill();
      const started = sleep(1200).then(() => registry.restart());
      expect(await client.tags(reference, signal)).toEqual(['1']);
      await started;
    });
  });
});

describe('a full disk', () => {
  let disk: string | undefined;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tsbuild-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tsbuild-test', folder]);
    if (mounted.status === 0) disk = folder;
    else process.stderr.write('tests of full disks are skipped: no tmpfs can be mounted\n');
  });
  afterAll(() => {
    if (disk === undefined) return;
    spawnSync('umount', ['-l', disk]);
    rmSync(disk, {recursive: true, force: true});
  });
  const grow = (): void => {
    spawnSync('mount', ['-o', 'remount,size=64m', disk ?? '']);
  };

  it('here ends a pull, leaves nothing broken, and later only what is missing is fetched', async (test) => {
    if (rig === undefined || disk === undefined) return test.skip();
    await rig.store(image, 'here:1');
    await rig.push('here:1');
    const state = join(disk, 'state');
    const error = await rig.pull('here:1', state).catch((reason: unknown) => reason);
    // A blob or the database, whichever comes first.
    expect(error).toMatchObject({message: expect.stringMatching(/no space (is )?left on /)});
    expect(rotten(state)).toEqual([]);
    grow();
    const blobs = readdirSync(join(state, 'blobs/sha256'));
    const kept = image.layers.filter(({digest}) => blobs.includes(digest.slice(7)));
    const missing = total() - kept.reduce((sum, {size}) => sum + size, 0);
    const received = await rig.bytes('received', () => rig?.pull('here:1', state) as Promise<unknown>);
    expect(received).toBeLessThan(missing + talkBytes);
    expect(rotten(state)).toEqual([]);
    rmSync(state, {recursive: true});
    spawnSync('mount', ['-o', 'remount,size=6m', disk]);
  });

  it('of the registry ends a push, moves no tag, and later only what is missing is sent', async (test) => {
    if (disk === undefined) return test.skip();
    const storage = join(disk, 'registry');
    const full = await RegistryRig.start({storage});
    if (full === undefined) return test.skip();
    try {
      full.renew();
      await full.store(await imageOf(1), 'there:0');
      await full.push('there:0');
      const half = await imageOf(1, 6);
      await full.store(half, 'there:1');
      const [small, large] = half.layers as [Descriptor, Descriptor];
      await full.push('there:1').then(
        () => expect.unreachable(),
        (error: unknown) => {
          expect(error).toBeInstanceOf(BuildError);
          expect(error).toMatchObject({
            kind: 'environment',
            message: expect.stringMatching(/there: layer sha256:.*error of its own/),
          });
        },
      );
      await expect(full.pull('there:1')).rejects.toThrow('there:1: not found');
      grow();
      // The entry of a blob that came whole may be what there was no space for.
      const {status} = await fetch(`http://${full.registry.address}/v2/there/blobs/${small.digest}`, {
        method: 'HEAD',
      });
      const missing = large.size + (status === 200 ? 0 : small.size);
      const sent = await full.bytes('sent', () => full.push('there:1'));
      expect(sent).toBeGreaterThan(missing);
      expect(sent).toBeLessThan(missing + small.size / 2 + talkBytes);
      await full.pull('there:1');
      expect(rotten(join(full.root, 'other'))).toEqual([]);
    } finally {
      await full.close();
    }
  }, 90_000);
});
