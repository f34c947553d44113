// One request to the helper that was begun before this program, without an event loop: what has to be known before it
// is known whether one is needed. Afterwards the channel is as if nothing had been asked.

import {readSync, writeSync} from 'node:fs';
import {encodeFrame, frameTypes, headerBytes} from './frames.ts';
import {encodeRequest, type HelperVerb} from './helper.ts';

/** No request of a HelperProcess has it. */
const requestId = 0xffff_ffff;
const bufferBytes = 64 << 10;

/**
 * Gives the data of the answer to `onData`, in pieces that hold until it returns. False when the helper reported an
 * error. Throws when the channel broke.
 */
export function requestAtOnce(
  channel: number,
  verb: HelperVerb,
  args: readonly string[],
  onData: (bytes: Buffer) => void,
): boolean {
  write(channel, encodeFrame(requestId, frameTypes.request, encodeRequest(verb, args)));
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  for (;;) {
    let length = read(channel, buffer.subarray(0, headerBytes)).readUInt32LE(0);
    const type = buffer.readUInt32LE(8);
    while (length > 0) {
      const piece = read(channel, buffer.subarray(0, Math.min(length, bufferBytes)));
      length -= piece.length;
      if (type === frameTypes.data) onData(piece);
    }
    if (type === frameTypes.result) return true;
    if (type === frameTypes.error) return false;
  }
}

/** All of `buffer`, from the channel. */
function read(channel: number, buffer: Buffer): Buffer {
  for (let at = 0; at < buffer.length; ) {
    const got = readSync(channel, buffer, at, buffer.length - at, null);
    if (got === 0) throw new Error('the helper ended');
    at += got;
  }
  return buffer;
}

function write(channel: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(channel, bytes, at);
}
