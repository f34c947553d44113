// The blob store on a real file system: what is under a digest is complete and true, whatever happened on the way.

import {link, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {type Digest, digestOf, hexOf} from '../../src/oci/digest.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const hello = digestOf('hello');

let root: string;
let store: LocalBlobStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tsbuild-blobs-'));
  store = new LocalBlobStore(root);
});
afterEach(async () => {
  await rm(root, {recursive: true, force: true});
});

async function temporaries(): Promise<string[]> {
  return (await readdir(join(root, 'work'))).filter((name) => name.endsWith('.blob'));
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BuildError);
  return error instanceof BuildError ? error.diagnostics[0].code : undefined;
}

describe('putting bytes', () => {
  it('gives their digest and keeps them where the OCI layout has them', async () => {
    expect(await store.put(bytesOf('hello'))).toBe(hello);
    expect(await readFile(join(root, 'blobs/sha256', hexOf(hello)), 'utf8')).toBe('hello');
    expect(await store.path(hello)).toBe(join(root, 'blobs/sha256', hexOf(hello)));
    expect(await temporaries()).toEqual([]);
  });

  it('twice is once', async () => {
    await store.put(bytesOf('hello'));
    const first = await stat(await store.path(hello));
    await store.put(bytesOf('hello'));
    expect((await stat(await store.path(hello))).ino).toBe(first.ino);
  });

  it('at once from many writers ends with one blob and no leftovers', async () => {
    const stores = Array.from({length: 8}, () => new LocalBlobStore(root));
    const digests = await Promise.all(stores.map((one) => one.put(bytesOf('hello'))));
    expect(new Set(digests)).toEqual(new Set([hello]));
    expect(Buffer.from(await store.read(hello)).toString()).toBe('hello');
    expect(await temporaries()).toEqual([]);
  });

  it('makes a file nobody edits by accident, for exports may link to it', async () => {
    await store.put(bytesOf('hello'));
    expect((await stat(await store.path(hello))).mode & 0o777).toBe(0o444);
  });

  it('works for no bytes at all', async () => {
    const digest = await store.put(new Uint8Array());
    expect((await store.stat(digest))?.size).toBe(0);
  });
});

describe('writing piece by piece', () => {
  it('copies what it is given, so that a buffer may be used again', async () => {
    const sink = await store.open();
    const buffer = bytesOf('aaaa');
    await sink.write(buffer);
    buffer.fill(0x62);
    await sink.write(buffer);
    const {digest, size} = await sink.commit();
    expect([digest, size]).toEqual([digestOf('aaaabbbb'), 8]);
    expect(await readFile(await store.path(digest), 'utf8')).toBe('aaaabbbb');
  });

  it('keeps order across small, large and tiny pieces', async () => {
    const pieces = [10, 1_048_576, 3_000_000, 1, 700_000, 700_000, 0, 5].map((size, index) =>
      new Uint8Array(size).fill(index + 1),
    );
    const sink = await store.open();
    for (const piece of pieces) await sink.write(piece);
    const {digest} = await sink.commit();
    const whole = Buffer.concat(pieces);
    expect(digest).toBe(digestOf(whole));
    expect(Buffer.compare(await readFile(await store.path(digest)), whole)).toBe(0);
  });

  it('is invisible until it is committed', async () => {
    const sink = await store.open({digest: hello});
    await sink.write(bytesOf('hello'));
    expect(await store.has(hello)).toBe(false);
    await sink.commit();
    expect(await store.has(hello)).toBe(true);
  });

  it('refuses another digest than expected and leaves nothing', async () => {
    const sink = await store.open({digest: hello});
    await sink.write(bytesOf('hullo'));
    expect(await codeOf(sink.commit())).toBe('store-blob-mismatch');
    expect([await store.has(hello), await temporaries()]).toEqual([false, []]);
  });

  it('refuses fewer bytes than announced', async () => {
    const sink = await store.open({size: 6});
    await sink.write(bytesOf('hello'));
    expect(await codeOf(sink.commit())).toBe('store-blob-mismatch');
    expect(await temporaries()).toEqual([]);
  });

  it('refuses more bytes than announced as soon as they come', async () => {
    const sink = await store.open({size: 4});
    expect(await codeOf(sink.write(bytesOf('hello')))).toBe('store-blob-mismatch');
    expect(await temporaries()).toEqual([]);
  });

  it('leaves nothing when it is aborted, and may be aborted after the end', async () => {
    const sink = await store.open();
    await sink.write(bytesOf('hello'));
    await sink.abort();
    await sink.abort();
    expect(await temporaries()).toEqual([]);
    const other = await store.open();
    await other.commit();
    await other.abort();
    expect(await store.has(digestOf(''))).toBe(true);
  });
});

describe('adopting a file', () => {
  it('takes it in under its digest', async () => {
    const path = await store.reserve();
    await writeFile(path, 'hello');
    await store.adopt(path, {digest: hello, size: 5});
    expect(Buffer.from(await store.read(hello)).toString()).toBe('hello');
    expect(await temporaries()).toEqual([]);
  });

  it('drops it when the blob is there already', async () => {
    await store.put(bytesOf('hello'));
    const path = await store.reserve();
    await writeFile(path, 'hello');
    await store.adopt(path, {digest: hello, size: 5});
    expect(await temporaries()).toEqual([]);
  });

  it('takes the size as a promise', async () => {
    const path = await store.reserve();
    await writeFile(path, 'hell');
    await expect(store.adopt(path, {digest: hello, size: 5})).rejects.toThrow(
      'has 4 bytes, its writer said 5',
    );
  });
});

describe('reading', () => {
  it('tells a missing blob apart', async () => {
    expect([await store.has(hello), await store.stat(hello)]).toEqual([false, undefined]);
    expect(await codeOf(store.path(hello))).toBe('store-blob-missing');
    expect(await codeOf(store.read(hello))).toBe('store-blob-missing');
  });

  it('notices bytes that rotted on disk', async () => {
    await store.put(bytesOf('hello'));
    const path = await store.path(hello);
    await rm(path);
    await writeFile(path, 'jello');
    expect(await codeOf(store.read(hello))).toBe('store-blob-corrupt');
  });

  it('refuses to load a large blob as a small one', async () => {
    await store.put(bytesOf('hello'));
    expect(await codeOf(store.read(hello, 4))).toBe('store-blob-too-large');
  });

  it('streams', async () => {
    const digest = await store.put(new Uint8Array(3_000_000).fill(7));
    let size = 0;
    for await (const piece of store.stream(digest)) size += piece.length;
    expect(size).toBe(3_000_000);
  });
});

describe('the whole store', () => {
  it('lists blobs and nothing else', async () => {
    expect(await listed()).toEqual([]);
    await store.put(bytesOf('hello'));
    await store.put(bytesOf('world'));
    await writeFile(join(root, 'blobs/sha256/not-a-digest'), '');
    expect(await listed()).toEqual([hello, digestOf('world')].sort());
  });

  it('that was written to by another name of its file is no blob any more', async () => {
    const digest = await store.put(Buffer.from('layer'));
    const linked = join(root, 'linked');
    await link(await store.path(digest), linked);
    expect(await store.has(digest)).toBe(true);
    await writeFile(linked, 'LAYER');
    expect(await store.has(digest)).toBe(false);
    expect(await store.put(Buffer.from('layer'))).toBe(digest);
    expect(Buffer.from(await store.read(digest)).toString()).toBe('layer');
    expect(await readFile(linked, 'utf8')).toBe('LAYER');
  });

  it('that was only touched by another name stays, and is not hashed again', async () => {
    const digest = await store.put(Buffer.from('layer'));
    const path = await store.path(digest);
    await link(path, join(root, 'linked'));
    await utimes(path, 1_700_000_000.5, 1_700_000_000.5);
    expect(await store.has(digest)).toBe(true);
    expect((await stat(path)).mtimeMs % 1000).toBe(0);
  });

  it('deletes, and a hard link made before keeps the bytes', async () => {
    await store.put(bytesOf('hello'));
    await link(await store.path(hello), join(root, 'export'));
    expect([await store.delete(hello), await store.delete(hello)]).toEqual([true, false]);
    expect(await readFile(join(root, 'export'), 'utf8')).toBe('hello');
  });

  it('sweeps what dead writers left, and nothing of the living', async () => {
    const mine = await store.open();
    await mine.write(bytesOf('hello'));
    const dead = join(root, 'work', '4194303.1.abc.blob');
    const reused = join(root, 'work', `${process.pid}.1.abc.blob`);
    const another = join(root, 'work', '4194303.1.abc');
    for (const path of [dead, reused, another]) await writeFile(path, 'x');
    expect(await store.sweep()).toBe(0);
    for (const path of [dead, another]) await utimes(path, 1, 1);
    expect(await store.sweep()).toBe(1);
    expect(await store.sweep(0)).toBe(1);
    expect((await readdir(join(root, 'work'))).length).toBe(2);
    await mine.commit();
  });

  async function listed(): Promise<Digest[]> {
    const digests: Digest[] = [];
    for await (const {digest} of store.list()) digests.push(digest);
    return digests.sort();
  }
});
