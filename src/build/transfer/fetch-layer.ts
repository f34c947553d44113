// A blob of a registry into the store, unless it is here. The store sees its digest and size before it is one.

import type {Descriptor} from '../../oci/descriptor.ts';
import type {Reference} from '../../oci/reference.ts';
import type {OnBytes} from '../step.ts';
import type {Transfer} from './transfer.ts';

/** True when it had to be fetched. */
export async function fetchLayer(
  reference: Reference,
  layer: Descriptor,
  {engine: {blobs, registry}, signal}: Pick<Transfer, 'engine' | 'signal'>,
  progress: OnBytes,
): Promise<boolean> {
  if (await blobs.has(layer.digest)) return false;
  const client = await registry();
  const sink = await blobs.open(layer);
  try {
    for await (const piece of client.fetchBlob(reference, layer, signal)) {
      await sink.write(piece);
      progress(layer.digest, sink.size, layer.size);
    }
    await sink.commit();
  } finally {
    await sink.abort();
  }
  return true;
}
