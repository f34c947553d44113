// Frames between us and the helper (docs/formats/helper-protocol.md): a header of three little-endian u32 (payload
// length, request id, type), then the payload. Its twin is native/serve/serve.c.

import {assert} from '../util/assert.ts';

export const frameTypes = {
  request: 1,
  cancel: 2,
  filter: 3,
  stdout: 16,
  stderr: 17,
  data: 18,
  result: 32,
  error: 33,
} as const;

export interface Frame {
  readonly id: number;
  readonly type: number;
  readonly payload: Buffer;
}

export const headerBytes = 12;
export const payloadBytesMax = 16 * 1024 * 1024;

export function encodeFrame(id: number, type: number, payload: Uint8Array): Buffer {
  assert(payload.length <= payloadBytesMax, `a frame of ${payload.length} bytes`);
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(id, 4);
  frame.writeUInt32LE(type, 8);
  frame.set(payload, headerBytes);
  return frame;
}

interface BegunFrame {
  readonly id: number;
  readonly type: number;
  /** Bytes that are to come. */
  left: number;
  /** Undefined: of output. */
  readonly payload: Buffer | undefined;
}

/**
 * Cuts a stream of bytes into frames. What a process writes is given in the pieces in which it comes, a frame for each,
 * in the memory of what was pushed: putting a frame of a megabyte together costs more than reading it. All other
 * payloads have memory of their own.
 */
export class FrameDecoder {
  readonly #header = Buffer.alloc(headerBytes);
  #headerLength = 0;
  #begun: BegunFrame | undefined;

  *push(bytes: Buffer): Generator<Frame> {
    let at = 0;
    for (;;) {
      if (this.#begun === undefined) {
        const part = bytes.subarray(at, at + headerBytes - this.#headerLength);
        at += part.length;
        this.#begun = this.#begin(part);
      }
      if (this.#begun === undefined) return;
      const {id, type, left, payload} = this.#begun;
      const piece = bytes.subarray(at, at + left);
      at += piece.length;
      this.#begun.left -= piece.length;
      if (payload !== undefined) payload.set(piece, payload.length - left);
      if (payload === undefined && piece.length > 0) yield {id, type, payload: piece};
      if (this.#begun.left > 0) return;
      this.#begun = undefined;
      if (payload !== undefined) yield {id, type, payload};
    }
  }

  /** The frame whose header is complete with `bytes`. */
  #begin(bytes: Uint8Array): BegunFrame | undefined {
    this.#header.set(bytes, this.#headerLength);
    this.#headerLength += bytes.length;
    if (this.#headerLength < headerBytes) return undefined;
    this.#headerLength = 0;
    const left = this.#header.readUInt32LE(0);
    assert(left <= payloadBytesMax, `the helper announced a frame of ${left} bytes`);
    const type = this.#header.readUInt32LE(8);
    const isOutput = left > 0 && (type === frameTypes.stdout || type === frameTypes.stderr);
    const payload = isOutput ? undefined : Buffer.allocUnsafe(left);
    return {id: this.#header.readUInt32LE(4), type, left, payload};
  }
}

/** `key=value` fields, each ended by NUL. */
export function decodeFields(payload: Buffer): Map<string, string> {
  const fields = new Map<string, string>();
  const text = payload.toString('utf8');
  // Between two steps this runs in code that is never compiled, where splitting takes five times as long.
  for (let start = 0; start < text.length; ) {
    const nul = text.indexOf('\0', start);
    const end = nul === -1 ? text.length : nul;
    const equals = text.indexOf('=', start);
    if (equals > start && equals < end) fields.set(text.slice(start, equals), text.slice(equals + 1, end));
    start = end + 1;
  }
  return fields;
}
