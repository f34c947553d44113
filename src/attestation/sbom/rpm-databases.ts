// The headers in rpm's databases of before SQLite: Berkeley DB's hash (`Packages`, until RHEL 8) and rpm's own ndb
// (`Packages.db`, SUSE). Both are read as files, without their libraries and indexes: every value of every page.
// Numbers in them are anybody's; pages that do not fit are passed over, no chain of pages is followed in circles.

/** Undefined: it is no such database. */
export function headersInHash(file: Uint8Array): readonly Uint8Array[] | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 512 || bytes.readUInt8(25) !== pageTypes.hashMeta) return undefined;
  const isLittle = bytes.readUInt32LE(12) === hashMagic;
  if (!isLittle && bytes.readUInt32BE(12) !== hashMagic) return undefined;
  const db: HashFile = {
    bytes,
    u16: (at) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    u32: (at) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)),
    pageBytes: isLittle ? bytes.readUInt32LE(20) : bytes.readUInt32BE(20),
  };
  if (db.pageBytes < 512 || db.pageBytes > 65_536) return undefined;
  const headers: Uint8Array[] = [];
  for (let page = db.pageBytes; page + db.pageBytes <= bytes.length; page += db.pageBytes) {
    const type = bytes.readUInt8(page + 25);
    if (type === pageTypes.hash || type === pageTypes.unsortedHash) headers.push(...valuesOn(page, db));
  }
  return headers;
}

interface HashFile {
  readonly bytes: Buffer;
  readonly pageBytes: number;
  u16(at: number): number;
  u32(at: number): number;
}

const hashMagic = 0x061561;
/** dbinc/db_page.h of Berkeley DB. */
const pageTypes = {unsortedHash: 2, overflow: 7, hashMeta: 8, hash: 13} as const;
const itemTypes = {inline: 1, offPage: 3} as const;
const pageHeaderBytes = 26;

/** Items stand at the offsets that follow the page's header, keys and values in turn, each up to where the last began. */
function valuesOn(page: number, db: HashFile): readonly Uint8Array[] {
  const {bytes, pageBytes, u16, u32} = db;
  const count = u16(page + 20);
  if (pageHeaderBytes + 2 * count > pageBytes) return [];
  const values: Uint8Array[] = [];
  for (let item = 1; item < count; item += 2) {
    const offset = u16(page + pageHeaderBytes + 2 * item);
    const end = u16(page + pageHeaderBytes + 2 * (item - 1));
    if (offset < pageHeaderBytes || offset >= pageBytes || end > pageBytes) continue;
    const at = page + offset;
    const type = bytes.readUInt8(at);
    if (type === itemTypes.inline && end > offset) values.push(bytes.subarray(at + 1, page + end));
    else if (type === itemTypes.offPage && offset + 12 <= pageBytes) {
      const whole = overflowing(u32(at + 4), u32(at + 8), db);
      if (whole !== undefined) values.push(whole);
    }
  }
  return values;
}

/** A value of `size` bytes over a chain of pages. */
function overflowing(
  first: number,
  size: number,
  {bytes, pageBytes, u16, u32}: HashFile,
): Uint8Array | undefined {
  if (size > bytes.length) return undefined;
  const pieces: Buffer[] = [];
  let left = size;
  const seen = new Set<number>();
  for (let number = first; left > 0; ) {
    const page = number * pageBytes;
    const isFit = page > 0 && page + pageBytes <= bytes.length && !seen.has(number);
    if (!isFit || bytes.readUInt8(page + 25) !== pageTypes.overflow) return undefined;
    seen.add(number);
    const held = Math.min(left, u16(page + 22), pageBytes - pageHeaderBytes);
    if (held === 0) return undefined;
    pieces.push(bytes.subarray(page + pageHeaderBytes, page + pageHeaderBytes + held));
    left -= held;
    number = u32(page + 16);
  }
  return Buffer.concat(pieces);
}

/** `lib/backend/ndb/rpmpkg.c` of rpm: slots of 16 bytes name blocks of 16 bytes; each blob says its slot and length. */
export function headersInNdb(file: Uint8Array): readonly Uint8Array[] | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 4096 || bytes.toString('latin1', 0, 4) !== 'RpmP') return undefined;
  const slotsEnd = Math.min(bytes.length, bytes.readUInt32LE(12) * 4096);
  const headers: Uint8Array[] = [];
  for (let slot = 32; slot + 16 <= slotsEnd; slot += 16) {
    if (bytes.toString('latin1', slot, slot + 4) !== 'Slot') continue;
    const [index, offset] = [bytes.readUInt32LE(slot + 4), bytes.readUInt32LE(slot + 8) * 16];
    if (index === 0 || offset < 4096 || offset + 16 > bytes.length) continue;
    if (bytes.toString('latin1', offset, offset + 4) !== 'BlbS') continue;
    const size = bytes.readUInt32LE(offset + 12);
    if (bytes.readUInt32LE(offset + 4) !== index || offset + 16 + size > bytes.length) continue;
    headers.push(bytes.subarray(offset + 16, offset + 16 + size));
  }
  return headers;
}
