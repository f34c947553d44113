// Blocks of tars by hand, for tests: each field as it is given, whether that makes sense or not.

export interface HeaderFields {
  readonly name: string;
  readonly type?: string;
  /** Of each field the text, or its bytes; what is not given is what tar writes. */
  readonly size?: number | Buffer | string;
  readonly mode?: Buffer | string;
  readonly uid?: Buffer | string;
  readonly mtime?: Buffer | string;
  readonly link?: string;
  readonly magic?: string;
  readonly prefix?: string;
  readonly device?: readonly [major: string, minor: string];
  /** Bytes at places of their own, for old sparse files and wrong checksums. */
  readonly more?: ReadonlyMap<number, Buffer | string>;
  readonly checksum?: 'signed' | 'wrong';
}

export function field(value: number | Buffer | string, width: number): Buffer {
  const text = typeof value === 'number' ? `${value.toString(8).padStart(width - 1, '0')}\0` : value;
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
}

export function header(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(512);
  const put = (at: number, width: number, value: number | Buffer | string): void => {
    field(value, width).copy(block, at, 0, width);
  };
  put(0, 100, Buffer.from(fields.name));
  put(100, 8, fields.mode ?? '0000644\0');
  put(108, 8, fields.uid ?? '0000000\0');
  put(116, 8, '0000000\0');
  put(124, 12, fields.size ?? 0);
  put(136, 12, fields.mtime ?? '00000000012\0');
  put(156, 1, fields.type ?? '0');
  put(157, 100, fields.link ?? '');
  put(257, 8, fields.magic ?? 'ustar\x0000');
  put(345, 155, fields.prefix ?? '');
  fields.device?.forEach((text, index) => {
    put(329 + 8 * index, 8, text);
  });
  for (const [at, bytes] of fields.more ?? []) put(at, 512 - at, bytes);
  put(148, 8, ' '.repeat(8));
  let sum = fields.checksum === 'wrong' ? 1 : 0;
  for (const byte of block) sum += fields.checksum === 'signed' && byte > 127 ? byte - 256 : byte;
  put(148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

export function padded(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export function member(fields: HeaderFields, data: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([header({size: bytes.length, ...fields}), padded(bytes)]);
}

export function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest) + 1;
  while (String(length).length + Buffer.byteLength(rest) !== length) length++;
  return `${length}${rest}`;
}

/** A number in GNU's base-256. */
export function binary(value: bigint, width: number): Buffer {
  const bytes = Buffer.alloc(width);
  let rest = value;
  for (let at = width - 1; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
}
