// A file from its first byte to its last in large pieces, for what is read once and given on at once. The next piece is
// read while one is used, and there are two buffers for all of them: a new one for each piece would have the kernel map
// and clear so much memory as the file is long, which costs more than reading it.

import {type FileHandle, open} from 'node:fs/promises';

export const pieceBytes = 1024 * 1024;

/** A piece is good until the next one is asked for. */
export async function* filePieces(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    yield* handlePieces(handle);
  } finally {
    await handle.close();
  }
}

/** From where the handle stands; it stays open. */
export async function* handlePieces(handle: FileHandle): AsyncGenerator<Uint8Array> {
  let [used, free] = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)];
  let reading = readInto(handle, free);
  try {
    for (;;) {
      const length = await reading;
      if (length === 0) return;
      [used, free] = [free, used];
      reading = readInto(handle, free);
      yield used.subarray(0, length);
    }
  } finally {
    await reading.catch(() => 0);
  }
}

function readInto(handle: FileHandle, buffer: Buffer): Promise<number> {
  const reading = handle.read(buffer, 0, buffer.length, null).then(({bytesRead}) => bytesRead);
  // Of one that nobody waits for any more, the failure is nobody's.
  reading.catch(() => undefined);
  return reading;
}
