// Which bytes are an archive.

import {gzipSync} from 'node:zlib';
import {describe, expect, it} from 'vitest';
import {isArchive, sniffedBytes} from '../../../src/sources/archive/sniff.ts';
import {testTar} from '../../support/test-image.ts';

const tar = await testTar([{path: 'Dockerfile', content: 'FROM scratch\n'}]);

/** As tar wrote headers before POSIX: no magic. */
function oldHeader(): Uint8Array {
  const header = Buffer.from(tar.subarray(0, sniffedBytes));
  header.fill(0, 257, 265);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

describe('an archive', () => {
  it.each([
    ['tar', tar],
    ['a tar of the old kind', oldHeader()],
    ['gzip', gzipSync(tar)],
    ['bzip2', Buffer.from('BZh9')],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ])('is %s', (_, bytes) => {
    expect(isArchive(bytes)).toBe(true);
  });
});

describe('no archive', () => {
  const broken = Buffer.from(tar);
  broken.writeUInt8(broken.readUInt8(0) ^ 1, 0);
  it.each([
    ['a Dockerfile', Buffer.from('FROM scratch\n'.repeat(100))],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1024)],
    ['a header with a wrong checksum', broken],
    ['half a header', tar.subarray(0, 256)],
  ])('is %s', (_, bytes) => {
    expect(isArchive(bytes)).toBe(false);
  });
});
