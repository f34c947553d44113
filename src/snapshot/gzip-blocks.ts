// gzip without the helper's libdeflate: independent 1 MiB blocks, each a gzip member of its own (RFC 1952 §2.2 allows
// several), compressed side by side on Node's thread pool and written in order. The same bytes at any parallelism.

import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {open} from 'node:fs/promises';
import {availableParallelism} from 'node:os';
import {promisify} from 'node:util';
import {gzip} from 'node:zlib';
import type {Digest} from '../oci/digest.ts';

const compress = promisify(gzip);
const blockBytes = 1 << 20;

/** Compresses file `from` into the file `to`, fsynced; gives the digest and size of what was written. */
export async function gzipFile(
  from: string,
  to: string,
  {level, signal}: {readonly level: number; readonly signal: AbortSignal},
): Promise<{digest: Digest; size: number}> {
  const hash = createHash('sha256');
  const file = await open(to, 'w', 0o600);
  let size = 0;
  const pending: Promise<Buffer>[] = [];
  const writeFirst = async (): Promise<void> => {
    const block = await pending.shift();
    if (block === undefined) return;
    hash.update(block);
    size += block.length;
    await file.appendFile(block);
  };
  try {
    for await (const block of createReadStream(from, {highWaterMark: blockBytes, signal})) {
      const promise = compress(block as Buffer, {level});
      // Awaited in order by writeFirst; until then nobody listens.
      promise.catch(() => {});
      pending.push(promise);
      if (pending.length > availableParallelism()) await writeFirst();
    }
    while (pending.length > 0) await writeFirst();
    await file.sync();
  } finally {
    await file.close();
  }
  return {digest: `sha256:${hash.digest('hex')}` as Digest, size};
}
