// One header of rpm's database: a package's tags (rpm's docs/manual/hregions.md, "header format"). Counts, in big
// endian, of index entries and data bytes; the entries, 16 bytes each: tag, type, offset, count; the data. Anybody may
// have written it: what does not fit is no package.

import type {FoundPackage} from './found-package.ts';

const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  license: 1014,
  architecture: 1022,
} as const;
const types = {int32: 4, string: 6, translated: 9} as const;
const entryBytes = 16;

/** Undefined: no package, or one of the keys that rpm keeps among the packages. */
export function rpmPackage(header: Uint8Array, path: string): FoundPackage | undefined {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  if (bytes.length < 8) return undefined;
  const [entries, size] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
  const dataStart = 8 + entries * entryBytes;
  if (dataStart + size > bytes.length) return undefined;
  const data = bytes.subarray(dataStart, dataStart + size);
  const found = new Map<number, string>();
  for (let at = 8; at < dataStart; at += entryBytes) {
    const value = valueAt(data, bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8));
    if (value !== undefined) found.set(bytes.readUInt32BE(at), value);
  }
  const [name, version, release] = [found.get(tags.name), found.get(tags.version), found.get(tags.release)];
  if (!name || !version || name === 'gpg-pubkey') return undefined;
  const [epoch, license, architecture] = [tags.epoch, tags.license, tags.architecture].map((tag) =>
    found.get(tag),
  );
  return {
    type: 'rpm',
    name,
    version: release === undefined ? version : `${version}-${release}`,
    path,
    ...(architecture === undefined ? {} : {architecture}),
    ...(license === undefined ? {} : {license}),
    ...(epoch === undefined || epoch === '0' ? {} : {epoch}),
  };
}

/** The first of several. */
function valueAt(data: Buffer, type: number, offset: number): string | undefined {
  if (offset >= data.length) return undefined;
  if (type === types.int32) return offset + 4 > data.length ? undefined : String(data.readUInt32BE(offset));
  if (type !== types.string && type !== types.translated) return undefined;
  const end = data.indexOf(0, offset);
  return end < 0 ? undefined : data.toString('utf8', offset, end);
}
