// The data types of SSH (RFC 4251, section 5), as far as keys and agents use them.

export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Reads from the start of `bytes`; throws WireError at its end. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(length: number): Buffer {
    if (length > this.remaining) throw new WireError('ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE();
  }

  string(): Buffer {
    return this.bytes(this.uint32());
  }

  text(): string {
    return this.string().toString();
  }

  /** A number without sign, leading zeros taken off. */
  mpint(): Buffer {
    const bytes = this.string();
    const start = bytes.findIndex((byte) => byte !== 0);
    return start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
  }
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function wireString(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A number without sign from its bytes, most significant first. */
export function mpint(value: Uint8Array): Buffer {
  const start = value.findIndex((byte) => byte !== 0);
  const bytes = start < 0 ? new Uint8Array() : value.subarray(start);
  const first = bytes[0] ?? 0;
  // A first bit that is set would make it negative.
  return wireString(first >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}
