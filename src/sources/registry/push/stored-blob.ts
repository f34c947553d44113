// Blobs on their way to a registry: of the local store, or in memory.

import {createReadStream} from 'node:fs';
import type {Descriptor} from '../../../oci/descriptor.ts';
import {digestOf} from '../../../oci/digest.ts';
import type {PushBlob} from './repository-writer.ts';

const pieceBytes = 1024 * 1024;

/** `path` is asked for when bytes are wanted, and not where the registry has them. */
export function storedBlob(
  {digest, size}: Pick<Descriptor, 'digest' | 'size'>,
  path: () => Promise<string>,
): PushBlob {
  return {
    digest,
    size,
    async *read(offset) {
      const file = createReadStream(await path(), {start: offset, highWaterMark: pieceBytes});
      yield* file as AsyncIterable<Uint8Array>;
    },
  };
}

export function blobInMemory(bytes: Uint8Array): PushBlob {
  return {
    digest: digestOf(bytes),
    size: bytes.length,
    async *read(offset) {
      yield bytes.subarray(offset);
    },
  };
}
