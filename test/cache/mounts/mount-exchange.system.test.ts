// What is written of cache mounts is read again; only what changed is sent; and
// nothing is believed that is not what it says.

import {randomBytes} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync, gzipSync} from 'node:zlib';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {formatMount, listBlob, mountDocumentName} from '../../../src/cache/mounts/mount-document.ts';
import {MountExport} from '../../../src/cache/mounts/mount-export.ts';
import {MountImports} from '../../../src/cache/mounts/mount-imports.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import {MemoryBackend} from '../../support/memory-backend.ts';

let folder: string;
let backend: MemoryBackend;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-mounts-'));
  backend = new MemoryBackend();
  warnings = [];
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

const {signal} = new AbortController();
const cache = {id: 'go', variant: '[493,0,0,""]'};
const noise = randomBytes(3_000_000);

async function write(bytes: Uint8Array, scope = 'main', own = cache): Promise<void> {
  const path = join(folder, 'out.tar');
  writeFileSync(path, bytes);
  await new MountExport({backend, scope, ids: undefined, patienceMs: 1000}, signal).write(own, path);
}

async function read(scope = 'main', ids?: ReadonlySet<string>, own = cache): Promise<Buffer | undefined> {
  const path = join(folder, 'in.tar');
  const places = [{backend, scope, ids, patienceMs: 1000}];
  const imports = new MountImports({places, warn: ({message}) => warnings.push(message)});
  const origin = await imports.fetch(own, path, signal);
  return origin === undefined ? undefined : readFileSync(path);
}

describe('a cache mount elsewhere', () => {
  it('is read as it was written, and not under another id or variant', async () => {
    await write(noise);
    expect((await read())?.equals(noise)).toBe(true);
    expect(await read('main', undefined, {...cache, id: 'npm'})).toBeUndefined();
    expect(await read('main', undefined, {...cache, variant: 'v'})).toBeUndefined();
    expect(await read('main', new Set(['npm']))).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('takes the chunks around a change, and nothing when nothing changed', async () => {
    await write(noise);
    const whole = backend.sentBytes;
    await write(noise);
    expect(backend.sentBytes).toBe(whole);
    const edited = Buffer.concat([
      noise.subarray(0, 1_500_000),
      Buffer.from('a line'),
      noise.subarray(1_500_000),
    ]);
    await write(edited);
    // Three chunks of a usual size.
    expect(backend.sentBytes - whole).toBeLessThan(3 * 256 * 1024);
    expect((await read())?.equals(edited)).toBe(true);
  });

  it('is read in the scope of the build, then in main, and written in its own scope only', async () => {
    await write(Buffer.from('of main'));
    expect(String(await read('pr/1'))).toBe('of main');
    await write(Buffer.from('of a stranger'), 'pr/1');
    expect(String(await read('pr/1'))).toBe('of a stranger');
    expect(String(await read('main'))).toBe('of main');
    expect(String(await read('pr/2'))).toBe('of main');
  });

  it('is not believed under the name of another scope', async () => {
    await write(Buffer.from('of a stranger'), 'pr/1');
    const [[, document]] = [...backend.documents] as [[string, Uint8Array]];
    backend.documents.set(mountDocumentName({...cache, scope: 'main'}), document);
    expect(await read('main')).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('a cache mount is of another scope')]);
  });

  it.each<[string, (bytes: Uint8Array) => AsyncGenerator<Uint8Array>]>([
    [
      'lies',
      async function* (bytes) {
        yield Buffer.alloc(bytes.length, 'x');
      },
    ],
    [
      'truncates',
      async function* (bytes) {
        yield bytes.subarray(1);
      },
    ],
    [
      'never ends',
      async function* (bytes) {
        for (;;) yield bytes;
      },
    ],
    [
      'breaks',
      async function* (bytes) {
        yield bytes.subarray(0, 1);
        throw new Error('connection reset');
      },
    ],
  ])('of a cache that %s is not there, and told of once', async (_, spoil) => {
    await write(noise);
    backend.spoil = spoil;
    expect(await read()).toBeUndefined();
    expect(warnings).toHaveLength(1);
    // It is written anew, whatever is there.
    await write(noise);
  });

  it.each([
    ['is no JSON', () => Buffer.from('<html>')],
    ['has format 9', (name: Buffer) => Buffer.from(String(name).replace('"format":1', '"format":9'))],
    [
      'names no list of chunks',
      (name: Buffer) => Buffer.from(String(name).replace(/"size":\d+/, '"size":9e15')),
    ],
  ])('whose document %s is not there', async (problem, spoil) => {
    await write(Buffer.from('good'));
    const [[name, document]] = [...backend.documents] as [[string, Uint8Array]];
    backend.documents.set(name, spoil(Buffer.from(document)));
    expect(await read()).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    ['a chunk larger than chunks are', (row: unknown[]) => [row[0], 1e12, row[2], row[3]]],
    ['a blob larger than blobs are', (row: unknown[]) => [row[0], row[1], row[2], 1e12]],
    ['no digest', (row: unknown[]) => ['../../x', row[1], row[2], row[3]]],
    ['other bytes than it says', (row: unknown[]) => [digestOf('other').slice(7), row[1], row[2], row[3]]],
  ])('whose list has %s is not there', async (_, change) => {
    await write(Buffer.from('good'));
    const [[name, document]] = [...backend.documents] as [[string, Uint8Array]];
    const {list} = JSON.parse(String(Buffer.from(document))) as {list: {digest: string}};
    const rows = JSON.parse(String(gunzipSync(backend.blobs.get(list.digest) ?? ''))) as unknown[][];
    const bytes = gzipSync(JSON.stringify(rows.map(change)));
    const blob = listBlob(digestOf(bytes), bytes.length);
    backend.blobs.set(blob.digest, bytes);
    backend.documents.set(name, formatMount({...cache, scope: 'main'}, blob));
    expect(await read()).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });
});
