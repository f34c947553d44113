// The `scan` record of docs/formats/helper-protocol.md, written from the page and not from the decoder.

import type {TreeRecord} from '../../src/tree/record.ts';
import {encodePathText} from '../../src/util/path-text.ts';

export function encodeRecord(record: TreeRecord): Buffer {
  const path = encodePathText(record.path);
  const target = encodePathText(record.linkTarget);
  const attributes = record.attributes ?? new Uint8Array(0);
  const digest = record.digest ?? new Uint8Array(0);
  const header = Buffer.alloc(92);
  header.writeUInt32LE(92 + path.length + target.length + attributes.length + digest.length, 0);
  header.writeUInt32LE(record.mode, 4);
  header.writeUInt32LE(record.uid, 8);
  header.writeUInt32LE(record.gid, 12);
  header.writeBigUInt64LE(BigInt(record.size), 16);
  header.writeBigInt64LE(BigInt(record.mtimeSeconds), 24);
  header.writeUInt32LE(record.mtimeNanoseconds, 32);
  header.writeUInt32LE(record.linkCount, 36);
  header.writeBigInt64LE(BigInt(record.ctimeSeconds), 40);
  header.writeUInt32LE(record.ctimeNanoseconds, 48);
  header.writeUInt32LE((record.digest ? 1 : 0) + (record.attributes ? 2 : 0), 52);
  header.writeBigUInt64LE(BigInt(record.inode), 56);
  header.writeBigUInt64LE(BigInt(record.device), 64);
  header.writeUInt32LE(record.rdevMajor, 72);
  header.writeUInt32LE(record.rdevMinor, 76);
  header.writeUInt32LE(path.length, 80);
  header.writeUInt32LE(target.length, 84);
  header.writeUInt32LE(attributes.length, 88);
  return Buffer.concat([header, path, target, attributes, digest]);
}
