// Where bytes are cut: within limits, the same for the same bytes however they arrive, and elsewhere only around a
// change.

import {createHash} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {chunkBytesMax, chunksOf} from '../../../src/cache/mounts/chunker.ts';
import {digestOf} from '../../../src/oci/digest.ts';

/** The same bytes in each run, as good as random. */
function noise(length: number, seed: string): Buffer {
  const blocks: Buffer[] = [];
  for (let index = 0; index * 32 < length; index++) {
    blocks.push(createHash('sha256').update(`${seed} ${index}`).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

async function chunked(bytes: Uint8Array, pieceSize = 70_001): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(inPieces(bytes, pieceSize))) chunks.push(chunk);
  return chunks;
}

const data = noise(6 * 1024 * 1024, 'a');

describe('chunksOf', () => {
  it('gives all bytes, in chunks of 64 KiB to 1 MiB that gather around 256 KiB', async () => {
    const chunks = await chunked(data);
    expect(Buffer.concat(chunks).equals(data)).toBe(true);
    const sizes = chunks.slice(0, -1).map(({length}) => length);
    expect(Math.min(...sizes)).toBeGreaterThan(64 * 1024);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(chunkBytesMax);
    expect(data.length / chunks.length).toBeGreaterThan(150_000);
    expect(data.length / chunks.length).toBeLessThan(500_000);
  });

  it('cuts the same bytes in the same places, whatever pieces they come in', async () => {
    const digests = async (size: number) => (await chunked(data, size)).map((chunk) => digestOf(chunk));
    expect(await digests(999)).toEqual(await digests(3_000_000));
  });

  it.each([
    ['in the middle', 3_000_000],
    ['at the start', 0],
  ])('finds all but a few chunks again when a line is inserted %s', async (_, at) => {
    const before = new Set((await chunked(data)).map((chunk) => digestOf(chunk)));
    const edited = Buffer.concat([data.subarray(0, at), Buffer.from('one more line\n'), data.subarray(at)]);
    const after = await chunked(edited);
    const fresh = after.filter((chunk) => !before.has(digestOf(chunk)));
    expect(fresh.length).toBeGreaterThan(0);
    expect(fresh.length).toBeLessThan(4);
  });

  it('cuts what has no contents to go by at the limit, and gives nothing of nothing', async () => {
    const sizes = (await chunked(Buffer.alloc(2 * chunkBytesMax + 5))).map(({length}) => length);
    expect(sizes).toEqual([chunkBytesMax, chunkBytesMax, 5]);
    expect(await chunked(Buffer.alloc(0))).toEqual([]);
  });
});
