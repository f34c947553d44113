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

/**
 * Cuts a stream of bytes into frames. Payloads may share memory with what was pushed. What a process writes is given in
 * the pieces in which it comes, a frame for each: putting a frame of a megabyte together costs more than reading it.
 */
export class FrameDecoder {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** The frame of output that has begun, and how much of it is to come. */
  #begun = {id: 0, type: 0, left: 0};

  *push(bytes: Buffer): Generator<Frame> {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    for (;;) {
      if (this.#begun.left > 0) {
        const [first] = this.#pending;
        if (first === undefined) return;
        const payload = this.#take(Math.min(this.#begun.left, first.length));
        this.#begun.left -= payload.length;
        yield {id: this.#begun.id, type: this.#begun.type, payload};
        continue;
      }
      if (this.#pendingBytes < headerBytes) return;
      const header = this.#peek(headerBytes);
      const length = header.readUInt32LE(0);
      assert(length <= payloadBytesMax, `the helper announced a frame of ${length} bytes`);
      const type = header.readUInt32LE(8);
      if (length > 0 && (type === frameTypes.stdout || type === frameTypes.stderr)) {
        this.#begun = {id: header.readUInt32LE(4), type, left: length};
        this.#take(headerBytes);
        continue;
      }
      if (this.#pendingBytes < headerBytes + length) return;
      const whole = this.#take(headerBytes + length);
      yield {id: whole.readUInt32LE(4), type: whole.readUInt32LE(8), payload: whole.subarray(headerBytes)};
    }
  }

  #peek(count: number): Buffer {
    const [first] = this.#pending;
    if (first !== undefined && first.length >= count) return first;
    this.#join();
    return this.#pending[0] ?? Buffer.alloc(0);
  }

  #take(count: number): Buffer {
    if ((this.#pending[0]?.length ?? 0) < count) this.#join();
    const first = this.#pending[0] ?? Buffer.alloc(0);
    const rest = first.subarray(count);
    if (rest.length > 0) this.#pending[0] = rest;
    else this.#pending.shift();
    this.#pendingBytes -= count;
    return first.subarray(0, count);
  }

  #join(): void {
    this.#pending = [Buffer.concat(this.#pending)];
  }
}

/** `key=value` fields, each ended by NUL. */
export function decodeFields(payload: Buffer): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of payload.toString('utf8').split('\0')) {
    const equals = field.indexOf('=');
    if (equals > 0) fields.set(field.slice(0, equals), field.slice(equals + 1));
  }
  return fields;
}
