// A blob from far away into the store, of which an earlier transfer may have left a part. Where that part turns out to
// be damaged, all of it is fetched once more, and nobody but the store has seen it.

import type {BlobSink} from './blob-sink.ts';
import type {BlobStore, ReceivedBlob} from './blob-store.ts';

export interface Receiving {
  readonly blobs: Pick<BlobStore, 'receive' | 'stream'>;
  readonly blob: ReceivedBlob;
  /** The bytes that the sink does not have yet. May verify all of them by its digest, once it has been given them. */
  fetch(sink: BlobSink): AsyncIterable<Uint8Array>;
  /** Called with the bytes that are here; with all of them only once they are verified. */
  onBytes(received: number): void;
  /** Another process receives it. */
  onWait?(): void;
  readonly signal: AbortSignal;
}

/** True when something of it was fetched; false when it has come meanwhile. */
export async function receiveBlob(receiving: Receiving): Promise<boolean> {
  const sink = await begin(receiving);
  if (sink === undefined) return false;
  await finish(sink, receiving);
  return true;
}

/** The bytes of the blob while they come; where a part is here already, when all of them are. */
export async function* receivedBytes(receiving: Receiving): AsyncGenerator<Uint8Array> {
  const {blobs, blob} = receiving;
  const sink = await begin(receiving);
  if (sink === undefined || sink.size > 0) {
    if (sink !== undefined) await finish(sink, receiving);
    yield* blobs.stream(blob.digest);
    return;
  }
  try {
    for await (const piece of taken(sink, receiving)) yield piece;
    await commit(sink, receiving);
  } finally {
    await sink.abort();
  }
}

async function begin({blobs, blob, signal, onWait, onBytes}: Receiving): Promise<BlobSink | undefined> {
  let hasWaited = false;
  const sink = await blobs.receive(blob, signal, () => {
    hasWaited = true;
    onWait?.();
  });
  if (!hasWaited) return sink;
  // What is here already ends the word of waiting: the first piece of the rest may be long in coming.
  if (sink === undefined) onBytes(blob.size);
  else if (sink.size < blob.size) onBytes(sink.size);
  return sink;
}

async function commit(sink: BlobSink, {blob, onBytes}: Receiving): Promise<void> {
  await sink.commit();
  onBytes(blob.size);
}

async function finish(first: BlobSink, receiving: Receiving): Promise<void> {
  for (let sink: BlobSink | undefined = first; sink !== undefined; sink = await begin(receiving)) {
    const isFresh = sink.size === 0;
    try {
      for await (const _ of taken(sink, receiving)) receiving.signal.throwIfAborted();
      await commit(sink, receiving);
      return;
    } catch (error) {
      if (isFresh || !sink.isWrong) throw error;
    } finally {
      await sink.abort();
    }
  }
}

async function* taken(sink: BlobSink, {blob, fetch, onBytes}: Receiving): AsyncGenerator<Uint8Array> {
  for await (const piece of fetch(sink)) {
    await sink.write(piece);
    if (sink.size < blob.size) onBytes(sink.size);
    yield piece;
  }
}
