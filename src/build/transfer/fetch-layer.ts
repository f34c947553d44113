// A blob of a registry into the store, unless it is here. The store sees its digest and size before it is one.

import type {Descriptor} from '../../oci/descriptor.ts';
import type {Reference} from '../../oci/reference.ts';
import {receiveBlob} from '../../store/receive-blob.ts';
import {type OnBytes, waitingFor} from '../step.ts';
import type {Transfer} from './transfer.ts';

/** True when it had to be fetched. */
export async function fetchLayer(
  reference: Reference,
  layer: Descriptor,
  {engine: {blobs, registry}, signal}: Pick<Transfer, 'engine' | 'signal'>,
  {note, progress}: {readonly note: (text: string) => void; readonly progress: OnBytes},
): Promise<boolean> {
  if (await blobs.has(layer.digest)) return false;
  const client = await registry();
  return receiveBlob({
    blobs,
    blob: layer,
    fetch: (sink) => client.fetchBlob(reference, layer, signal, sink),
    onBytes: (received) => progress(layer.digest, received, layer.size),
    onWait: () => note(waitingFor(layer.digest)),
    signal,
  });
}
