// A blob of the local store on its way to a registry.

import {createReadStream} from 'node:fs';
import type {Descriptor} from '../../../oci/descriptor.ts';
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
