// Tar archives as they come: ustar, pax and GNU headers, entry by entry, contents as streams, nothing kept. The bytes
// are anybody's: every number is checked, no header may grow without bounds, and a stream that ends early is an error.

import {buildError} from '../diagnostics/build-error.ts';
import {decodePathText} from '../util/path-text.ts';

export type TarKind = 'file' | 'link' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

export interface TarEntry {
  /** As it is written, without `./` in front and slashes behind; '' for the root. */
  readonly path: string;
  readonly kind: TarKind;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** In seconds; pax may have a fraction. */
  readonly mtime: number;
  readonly linkTarget: string;
  /** `user.x` and the like, from SCHILY.xattr records. */
  readonly xattrs: ReadonlyMap<string, string>;
  readonly device: string;
}

export interface TarMember {
  readonly entry: TarEntry;
  /** To be read before the next member is asked for; what is not read is skipped. */
  content(): AsyncIterable<Uint8Array>;
}

const block = 512;
/** Of a pax header or a GNU long name: far more than any real one. */
const extensionMax = 1024 * 1024;
const kinds: Readonly<Record<string, TarKind>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

/** The members in order. Throws BuildError('user') where the bytes are no tar, or end before it does. */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const source = new ByteSource(bytes);
  try {
    let pax: ReadonlyMap<string, Buffer> = new Map();
    let globals: ReadonlyMap<string, Buffer> = new Map();
    let longName: string | undefined;
    let longLink: string | undefined;
    for (;;) {
      const header = await source.take(block, 'the archive ends without an end mark');
      if (header === undefined || header.every((byte) => byte === 0)) return await source.drain();
      checkSum(header);
      const type = header.toString('latin1', 156, 157);
      const size = numberAt(header, 124, 12, 'size');
      if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
        if (size > extensionMax) throw damaged(`a header of ${size} bytes is too large`);
        const data = await source.exactly(size);
        await source.exactly(padding(size));
        if (type === 'x') pax = paxRecords(data);
        else if (type === 'g') globals = new Map([...globals, ...paxRecords(data)]);
        else if (type === 'L') longName = textOf(data);
        else longLink = textOf(data);
        continue;
      }
      const entry = entryOf(header, type, new Map([...globals, ...pax]), {longName, longLink});
      pax = new Map();
      longName = undefined;
      longLink = undefined;
      if (type === 'S') await skipSparseHeaders(header, source);
      // What follows links and devices in some old archives is no content.
      const held = entry.kind === 'file' ? entry.size : 0;
      const stored = type === 'S' ? size : held;
      let left = stored;
      yield {
        entry,
        async *content() {
          while (left > 0) {
            const piece = await source.some(left);
            left -= piece.length;
            yield piece;
          }
        },
      };
      while (left > 0) left -= (await source.some(left)).length;
      await source.exactly(padding(stored));
    }
  } finally {
    await source.close();
  }
}

/** Blocks of more extents follow the header (GNU's old way to store files with holes). */
async function skipSparseHeaders(header: Buffer, source: ByteSource): Promise<void> {
  let more = header[482] === 1;
  while (more) more = (await source.exactly(block))[504] === 1;
}

function entryOf(
  header: Buffer,
  type: string,
  pax: ReadonlyMap<string, Buffer>,
  long: {readonly longName: string | undefined; readonly longLink: string | undefined},
): TarEntry {
  const kind = kinds[type];
  if (kind === undefined) throw damaged(`it has an entry of unknown type ${JSON.stringify(type)}`);
  const text = (key: string): string | undefined => {
    const value = pax.get(key);
    return value === undefined ? undefined : decodePathText(value);
  };
  const number = (key: string, otherwise: () => number): number => {
    const value = pax.get(key)?.toString('latin1');
    if (value === undefined) return otherwise();
    if (!/^-?\d+(\.\d*)?$/.test(value)) throw damaged(`its ${key} ${JSON.stringify(value)} is no number`);
    return Number(value);
  };
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : '';
  const name = textOf(header.subarray(0, 100));
  const plain = prefix === '' ? name : `${prefix}/${name}`;
  const path = text('GNU.sparse.name') ?? text('path') ?? long.longName ?? plain;
  const size = number('size', () => numberAt(header, 124, 12, 'size'));
  if (!Number.isSafeInteger(size) || size < 0) throw damaged(`its entry ${path} has no valid size`);
  const isDevice = kind === 'character' || kind === 'block';
  const device = (at: number): number => numberAt(header, at, 8, 'device');
  return {
    path: path.replace(/^(?:\.?\/)+|\/+$/g, '').replace(/^\.$/, ''),
    // Before POSIX a directory was a file whose name ends in a slash.
    kind: kind === 'file' && plain.endsWith('/') && size === 0 ? 'directory' : kind,
    size,
    mode: numberAt(header, 100, 8, 'mode') & 0o7777,
    uid: number('uid', () => numberAt(header, 108, 8, 'uid')),
    gid: number('gid', () => numberAt(header, 116, 8, 'gid')),
    mtime: number('mtime', () => numberAt(header, 136, 12, 'mtime')),
    linkTarget: text('linkpath') ?? long.longLink ?? textOf(header.subarray(157, 257)),
    xattrs: xattrsOf(pax),
    device: isDevice ? `${device(329)}:${device(337)}` : '',
  };
}

function xattrsOf(pax: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> {
  const prefix = 'SCHILY.xattr.';
  return new Map(
    [...pax].flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value.toString('latin1')] as const] : [],
    ),
  );
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record (POSIX pax). */
function paxRecords(data: Buffer): ReadonlyMap<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < data.length; ) {
    const blank = data.indexOf(0x20, at);
    const length = blank < 0 ? Number.NaN : Number(data.toString('latin1', at, blank));
    const equals = data.indexOf(0x3d, blank);
    if (!Number.isSafeInteger(length) || length < 5 || at + length > data.length || equals < 0) {
      throw damaged('it has a broken pax header');
    }
    records.set(data.toString('utf8', blank + 1, equals), data.subarray(equals + 1, at + length - 1));
    at += length;
  }
  return records;
}

function checkSum(header: Buffer): void {
  let sum = 8 * 0x20;
  header.forEach((byte, index) => {
    if (index < 148 || index >= 156) sum += byte;
  });
  if (sum !== numberAt(header, 148, 8, 'checksum')) throw damaged('it has a header with a wrong checksum');
}

/** Octal text, or GNU's binary form for what does not fit. */
function numberAt(header: Buffer, at: number, length: number, what: string): number {
  const field = header.subarray(at, at + length);
  const [first = 0] = field;
  if ((first & 0x80) !== 0) {
    const negative = (first & 0x40) !== 0;
    let value = BigInt(first & 0x3f) - (negative ? 0x40n : 0n);
    for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte);
    return Number(value);
  }
  const digits = /^[ \0]*([0-7]*)/.exec(field.toString('latin1'))?.[1] ?? '';
  const value = digits === '' ? 0 : Number.parseInt(digits, 8);
  if (!Number.isSafeInteger(value)) throw damaged(`it has a header with a broken ${what}`);
  return value;
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return decodePathText(end < 0 ? field : field.subarray(0, end));
}

function padding(size: number): number {
  return (block - (size % block)) % block;
}

function damaged(reason: string): Error {
  return buildError('user', 'archive-damaged', `the archive is no valid tar: ${reason}`, {
    hints: ['archives may be plain, or compressed with gzip or zstd'],
  });
}

/** Pieces of any length, taken in the lengths that are asked for. */
class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#pieces = bytes[Symbol.asyncIterator]();
  }

  /** Undefined at the end; a part of what is wanted is an error. */
  async take(length: number, problem = 'it ends too early'): Promise<Buffer | undefined> {
    while (this.#held.length < length) {
      const next = await this.#pieces.next();
      if (next.done) {
        if (this.#held.length === 0) return undefined;
        throw damaged(problem);
      }
      this.#held =
        this.#held.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#held, next.value]);
    }
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  async exactly(length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    const taken = await this.take(length);
    if (taken === undefined) throw damaged('it ends too early');
    return taken;
  }

  /** What comes next, at least a byte and at most `most`. */
  async some(most: number): Promise<Buffer> {
    if (this.#held.length === 0) {
      const next = await this.#pieces.next();
      if (next.done) throw damaged('it ends too early');
      this.#held = Buffer.from(next.value);
      if (this.#held.length === 0) return this.some(most);
    }
    return this.exactly(Math.min(most, this.#held.length));
  }

  /** The padding behind the end mark, for whoever hashes along. */
  async drain(): Promise<void> {
    while (!(await this.#pieces.next()).done);
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}
