// What is kept of blobs whose transfer broke off: by whom it is gone on with, what is believed of it, and when it goes.

import {spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import {mkdir, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {digestOf, hexOf} from '../../src/oci/digest.ts';
import type {BlobSink} from '../../src/store/blob-sink.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {Leases} from '../../src/store/leases.ts';
import {hasPartial, partialBlobs, takePartial} from '../../src/store/partial-blobs.ts';
import {isEnding, startTimeOf} from '../../src/store/process-start.ts';
import {receiveBlob, receivedBytes} from '../../src/store/receive-blob.ts';
import {deferred} from '../../src/util/deferred.ts';
import {collect} from '../support/collect.ts';
import {endingProcess} from '../support/ending-process.ts';

const {signal} = new AbortController();
const mebibyte = 1024 * 1024;
const content = randomBytes(3 * mebibyte);
const blob = {digest: digestOf(content), size: content.length};
const hex = hexOf(blob.digest);

let root: string;
let store: LocalBlobStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-partial-'));
  Leases.of(root).begin();
  store = new LocalBlobStore(root);
});
afterEach(() => {
  Leases.of(root).end();
  rmSync(root, {recursive: true, force: true});
});

async function received(): Promise<BlobSink> {
  const sink = await store.receive(blob, signal);
  if (sink === undefined) throw new Error('the blob is here');
  return sink;
}

/** Leaves a transfer after so many bytes. */
async function broken(bytes: Uint8Array): Promise<void> {
  const sink = await received();
  await sink.write(bytes);
  await sink.abort();
}

/** As a process leaves it that is killed while it writes. */
async function left(owner: string, bytes: Uint8Array): Promise<string> {
  await mkdir(join(root, 'partial'), {recursive: true});
  const path = join(root, 'partial', owner === '' ? hex : `${hex}.${owner}`);
  await writeFile(path, bytes);
  return path;
}

const names = (): string[] => (existsSync(join(root, 'partial')) ? readdirSync(join(root, 'partial')) : []);
const namespace = (): string =>
  /\d+/.exec(spawnSync('readlink', ['/proc/self/ns/pid']).stdout.toString())?.[0] ?? '';

/** A source that has the blob, and tells from where it was asked for it. */
function source(bytes: Uint8Array = content) {
  const asked: number[] = [];
  const receiving = {
    blobs: store,
    blob,
    signal,
    onBytes: () => {},
    async *fetch({size}: BlobSink) {
      asked.push(size);
      yield bytes.subarray(size);
    },
  };
  return {asked, receiving};
}

describe('a transfer that broke off', () => {
  it('is gone on with, and gives a blob like any other', async () => {
    await broken(content.subarray(0, 2_000_000));
    expect(names()).toEqual([hex]);
    const sink = await received();
    expect(sink.size).toBe(2_000_000);
    await sink.write(content.subarray(2_000_000));
    await sink.commit();
    expect(names()).toEqual([]);
    const stored = join(root, 'blobs/sha256', hex);
    expect(digestOf(readFileSync(stored))).toBe(blob.digest);
    expect(statSync(stored).mode & 0o777).toBe(0o444);
    expect(statSync(stored).mtimeMs % 1000).toBe(0);
  });

  it('is nothing to go on from when next to nothing came', async () => {
    await broken(content.subarray(0, 10_000));
    expect(names()).toEqual([]);
  });

  it('is dropped when it has the wrong bytes, however they came', async () => {
    const sink = await received();
    await sink.write(Buffer.alloc(content.length));
    await expect(sink.commit()).rejects.toThrow('blob has digest');
    expect(names()).toEqual([]);
    const longer = await received();
    await expect(longer.write(Buffer.alloc(content.length + 1))).rejects.toThrow('more than the');
    expect(names()).toEqual([]);
  });

  it('is not kept of what is small', async () => {
    const sink = await store.receive({digest: blob.digest, size: 1000}, signal);
    await sink?.write(content.subarray(0, 500));
    await sink?.abort();
    expect([names(), readdirSync(join(root, 'work'))]).toEqual([[], []]);
  });
});

describe('what a process left that was killed', () => {
  it('is taken by the next one, the largest of several', async () => {
    await left('', content.subarray(0, 100_000));
    await left(`4194303.1.${namespace()}`, content.subarray(0, 2_000_000));
    const sink = await received();
    expect(sink.size).toBe(2_000_000);
    await sink.abort();
    expect(names()).toEqual([hex]);
  });

  it('is left alone when that may live where nobody here can see it', async () => {
    await left('17.1.4026531000', content.subarray(0, 2_000_000));
    const sink = await received();
    expect(sink.size).toBe(0);
    await sink.abort();
  });

  it('can be written to, also by an ordinary user, when the blob was whole and about to get its name', async () => {
    const path = await left(`4194303.1.${namespace()}`, content);
    chmodSync(path, 0o444);
    const sink = await received();
    const [name = ''] = names();
    expect(statSync(join(root, 'partial', name)).mode & 0o777).toBe(0o600);
    await sink.commit();
    expect(await store.has(blob.digest)).toBe(true);
  });

  it('is dropped when it has more than the blob', async () => {
    await left('', randomBytes(content.length + 1));
    const sink = await received();
    expect(sink.size).toBe(0);
    await sink.write(content);
    await sink.commit();
  });

  it('goes after a day', async () => {
    const path = await left('', content.subarray(0, 2_000_000));
    expect(partialBlobs(root)).toMatchObject([{name: hex, digest: blob.digest, isStale: false}]);
    expect(hasPartial(root, blob.digest)).toBe(true);
    const seconds = Date.now() / 1000 - 25 * 3600;
    await utimes(path, seconds, seconds);
    expect(partialBlobs(root)).toMatchObject([{isStale: true}]);
  });
});

describe('two that want the same blob', () => {
  it('have it once: the second waits, and finds it', async () => {
    const first = await received();
    let waits = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      waits = resolve;
    });
    const second = store.receive(blob, signal, waits);
    await waiting;
    await first.write(content);
    await first.commit();
    expect(await second).toBeUndefined();
  });

  it('have it once, too, when the first breaks off: the second goes on', async () => {
    const first = await received();
    const second = store.receive(blob, signal);
    await first.write(content.subarray(0, 1_000_000));
    await first.abort();
    const sink = await second;
    expect(sink?.size).toBe(1_000_000);
    await sink?.abort();
  });
});

describe('receiving', () => {
  it('asks for what is missing only', async () => {
    await broken(content.subarray(0, 2_000_000));
    const {asked, receiving} = source();
    expect([await receiveBlob(receiving), asked]).toEqual([true, [2_000_000]]);
    expect([await receiveBlob(receiving), asked]).toEqual([false, [2_000_000]]);
  });

  it('begins again where the part was damaged, and where it was not, fails once', async () => {
    await broken(Buffer.alloc(2_000_000));
    const {asked, receiving} = source();
    await receiveBlob(receiving);
    expect(asked).toEqual([2_000_000, 0]);
    expect(Buffer.from(await collect(store.stream(blob.digest))).equals(content)).toBe(true);
    await store.delete(blob.digest);
    const liar = source(Buffer.alloc(content.length));
    await expect(receiveBlob(liar.receiving)).rejects.toThrow('blob has digest');
    expect(liar.asked).toEqual([0]);
  });

  it('gives on what comes, but of a part only what is right', async () => {
    const fresh = source();
    expect((await collect(receivedBytes(fresh.receiving))).equals(content)).toBe(true);
    await store.delete(blob.digest);
    await broken(Buffer.alloc(2_000_000));
    const resumed = source();
    expect((await collect(receivedBytes(resumed.receiving))).equals(content)).toBe(true);
    expect(resumed.asked).toEqual([2_000_000, 0]);
  });
});

it('an interrupt ends the waiting for a process that takes its time to end', async (test) => {
  const child = await endingProcess();
  if (child === undefined) return test.skip();
  test.onTestFinished(() => void child.kill('SIGKILL'));
  const name = `${child.pid}.${startTimeOf(child.pid ?? 0)}`;
  await vi.waitFor(() => expect(isEnding(name)).toBe(true), {timeout: 4000});
  await left(`${name}.${namespace()}`, content.subarray(0, mebibyte));
  const held = {wanted: new Promise<undefined>(() => {}), release() {}};
  const use = {publish: async () => {}, held};
  await expect(takePartial(root, blob, use, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
}, 9000);

describe('what is told of a transfer', () => {
  /** Gives half of the blob, then waits to be told how to go on. */
  function halfway(): {
    readonly events: (number | 'wait')[];
    readonly receiving: Parameters<typeof receiveBlob>[0];
    readonly begun: Promise<void>;
    end(how: Uint8Array | Error): void;
  } {
    const events: (number | 'wait')[] = [];
    const begun = deferred<void>();
    const rest = deferred<Uint8Array>();
    const receiving = {
      ...source().receiving,
      onBytes: (bytes: number) => events.push(bytes),
      onWait: () => events.push('wait'),
      async *fetch({size}: BlobSink) {
        if (size < mebibyte) yield content.subarray(size, mebibyte);
        begun.resolve();
        yield (await rest.promise).subarray(Math.max(size, mebibyte));
      },
    };
    const end = (how: Uint8Array | Error): void =>
      how instanceof Error ? rest.reject(how) : rest.resolve(how);
    return {events, receiving, begun: begun.promise, end};
  }

  it('is all of it only when it is verified', async () => {
    const liar = halfway();
    liar.end(Buffer.alloc(content.length));
    await expect(receiveBlob(liar.receiving)).rejects.toThrow('blob has digest');
    const honest = halfway();
    honest.end(content);
    await collect(receivedBytes(honest.receiving));
    expect([liar.events, honest.events]).toEqual([[mebibyte], [mebibyte, content.length]]);
  });

  it('is that another one is at it, and then what that one fetched', async () => {
    const [first, second] = [halfway(), halfway()];
    const one = receiveBlob(first.receiving);
    await first.begun;
    const other = receiveBlob(second.receiving);
    await vi.waitFor(() => expect(second.events).toEqual(['wait']));
    first.end(content);
    expect([await one, await other]).toEqual([true, false]);
    expect(second.events).toEqual(['wait', content.length]);
  });

  it('is that it is taken over from one that broke off', async () => {
    const [first, second] = [halfway(), halfway()];
    const one = receiveBlob(first.receiving);
    await first.begun;
    const other = receiveBlob(second.receiving);
    await vi.waitFor(() => expect(second.events).toEqual(['wait']));
    first.end(new Error('enough'));
    await expect(one).rejects.toThrow('enough');
    await vi.waitFor(() => expect(second.events).toEqual(['wait', mebibyte]));
    second.end(content);
    expect(await other).toBe(true);
    expect(second.events).toEqual(['wait', mebibyte, content.length]);
  });
});

describe('a full disk', () => {
  it('gets some room back, and what stays is right', async (test) => {
    const disk = mkdtempSync(join(tmpdir(), 'tsbuild-partial-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tsbuild-test', disk]);
    test.onTestFinished(() => {
      spawnSync('umount', ['-l', disk]);
      rmSync(disk, {recursive: true, force: true});
    });
    if (mounted.status !== 0) return test.skip();
    const small = new LocalBlobStore(join(disk, 'state'));
    const large = {digest: digestOf('never whole'), size: 100 * mebibyte};
    const sink = await small.receive(large, signal);
    const fill = async (): Promise<void> => {
      for (let written = 0; written < large.size; written += content.length) await sink?.write(content);
    };
    await expect(fill()).rejects.toThrow('no space left on device');
    await sink?.abort();
    const [part] = partialBlobs(join(disk, 'state'));
    expect(part?.bytes).toBeGreaterThan(4 * mebibyte);
    expect(part?.bytes).toBeLessThan(8 * mebibyte);
    const again = await small.receive(large, signal);
    expect(again?.size).toBe(part?.bytes);
    await again?.abort();
  });
});
