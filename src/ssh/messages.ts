// Messages between agents and their clients: a length of four bytes, then a type and its contents.

import {uint32} from './wire.ts';

/** As in OpenSSH; nothing that an agent is asked comes near it. */
const lengthMax = 256 * 1024;

export function messageOf(contents: Uint8Array): Buffer {
  return Buffer.concat([uint32(contents.length), contents]);
}

export class MessageReader {
  #pending = Buffer.alloc(0);

  /** The messages that `bytes` completes. Throws RangeError when the next is too long to be one. */
  push(bytes: Uint8Array): readonly Buffer[] {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    const messages: Buffer[] = [];
    while (this.#pending.length >= 4) {
      const length = this.#pending.readUInt32BE();
      if (length === 0 || length > lengthMax) throw new RangeError(`no message of an agent: ${length} bytes`);
      if (this.#pending.length < 4 + length) break;
      messages.push(this.#pending.subarray(4, 4 + length));
      this.#pending = this.#pending.subarray(4 + length);
    }
    return messages;
  }
}
