import {gunzipSync} from 'node:zlib';
import {describe, expect, it} from 'vitest';
import {headersInHash, headersInNdb} from '../../../src/attestation/sbom/rpm-databases.ts';
import {rpmPackage} from '../../../src/attestation/sbom/rpm-header.ts';
import {scanFiles} from '../../../src/attestation/sbom/scan.ts';
import {spdxDocument} from '../../../src/attestation/sbom/spdx.ts';

/** A header with these tags; a number is an INT32. */
function header(tags: Readonly<Record<number, string | number>>): Buffer {
  const index: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const [tag, value] of Object.entries(tags)) {
    const entry = Buffer.alloc(16);
    const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`) : Buffer.alloc(4);
    if (typeof value === 'number') bytes.writeUInt32BE(value);
    [Number(tag), typeof value === 'string' ? 6 : 4, offset, 1].forEach((word, at) => {
      entry.writeUInt32BE(word, at * 4);
    });
    index.push(entry);
    data.push(bytes);
    offset += bytes.length;
  }
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32BE(index.length, 0);
  sizes.writeUInt32BE(offset, 4);
  return Buffer.concat([sizes, ...index, ...data]);
}

const bash = {1000: 'bash', 1001: '5.2', 1002: '1.fc40', 1003: 2, 1014: 'GPL-3.0', 1022: 'x86_64'};

describe('a header of rpm', () => {
  it('tells the package', () => {
    expect(rpmPackage(header(bash), 'p')).toEqual({
      type: 'rpm',
      name: 'bash',
      version: '5.2-1.fc40',
      epoch: '2',
      license: 'GPL-3.0',
      architecture: 'x86_64',
      path: 'p',
    });
    expect(rpmPackage(header({1000: 'a', 1001: '1', 1003: 0}), 'p')).toEqual({
      type: 'rpm',
      name: 'a',
      version: '1',
      path: 'p',
    });
  });

  it('is no package when it is a key, is cut off, or points outside', () => {
    expect(rpmPackage(header({...bash, 1000: 'gpg-pubkey'}), 'p')).toBeUndefined();
    expect(rpmPackage(header({1000: 'nameless-version'}), 'p')).toBeUndefined();
    const whole = header(bash);
    for (let size = 0; size < whole.length; size++)
      expect(rpmPackage(whole.subarray(0, size), 'p')).toBeUndefined();
    const outside = header(bash);
    outside.writeUInt32BE(0xffff_fff0, 8 + 8);
    expect(rpmPackage(outside, 'p')).toBeUndefined();
  });
});

/** Written by Berkeley DB 5.3 with pages of 512 bytes: 0 → a counter, 1 → a value in the page, 2 → one over pages. */
const hash = gunzipSync(
  Buffer.from(
    [
      'H4sIAAAAAAACA+2Vu06EUBRFzx0GRk0sbQ32Ft6Xr95vsDOhwNEENdHoB9hZzMcZezvsLGxsTIwwPAKjq7AbDSeBwIZLsvY+5yIi',
      'oqSqZCOS1fJiVBwrlRbJ93q8PxT5FNl+Ps5nm5WmOt8pKyjfm52dLOpDLV8tZjSWXMn6h3pXbyofwvv7FRxNH8qBfAqLoMvhVkE3',
      'clWPfFMjeZ3nX5x7+m/mX4b5X8JBT+KbiyTL4rsku02V6uQftLNf3r8omWTnl2ms46vTOImz5HqaVqvW5roB3YLuQPeg74K+B/o+',
      '6Aeg6x16QMSakDUxa4LWRK0JWxO3JnBN5KZP3uQ/rnsgbPPvLMEuIE8MeWLIE0OeGPLEkCeGPDHkiaVusERucQCI3BK5JXJL5JbI',
      'LZFbIndN/mHdA1GbP3niyBNHnjjcFcgTR5448sSRJ448ceSJJ3JP5J7IPZF73BCJ3BO5J3JP5L5D3uQf1T1Q3W+JTPr78Q+eDP/T',
      'f1Bff2n3lwAOAAA=',
    ].join(''),
    'base64',
  ),
);

describe('the database of rpm until RHEL 8', () => {
  it('gives every value, over as many pages as it has', () => {
    const texts = (headersInHash(hash) ?? []).map((value) => Buffer.from(value).toString());
    const large = Array.from({length: 60}, (_, index) => `line ${index + 1} of a large value\n`).join('');
    expect(texts.toSorted()).toEqual(['\x03\0\0\0', 'a small value', large]);
  });

  it('is read to its end whatever bytes are in it', () => {
    for (let at = 0; at < hash.length; at += 11) {
      const changed = Buffer.from(hash);
      changed[at] = 0xff;
      expect((headersInHash(changed) ?? []).every(({length}) => length < hash.length)).toBe(true);
    }
    expect(headersInHash(Buffer.from('no database'))).toBeUndefined();
    expect(headersInHash(Buffer.alloc(4096))).toBeUndefined();
  });
});

/** One page of slots; blobs behind it. */
function ndb(blobs: readonly Buffer[]): Buffer {
  const page = Buffer.alloc(4096);
  page.write('RpmP', 0);
  page.writeUInt32LE(1, 12);
  const pieces: Buffer[] = [page];
  let offset = 4096;
  for (let slot = 32; slot < 4096; slot += 16) page.write('Slot', slot);
  for (const [index, blob] of blobs.entries()) {
    const size = Math.ceil((16 + blob.length + 12) / 16) * 16;
    const held = Buffer.alloc(size);
    held.write('BlbS', 0);
    held.writeUInt32LE(index + 1, 4);
    held.writeUInt32LE(blob.length, 12);
    blob.copy(held, 16);
    const slot = 32 + 16 * (index + 3);
    [index + 1, offset / 16, size / 16].forEach((word, at) => {
      page.writeUInt32LE(word, slot + 4 + at * 4);
    });
    pieces.push(held);
    offset += size;
  }
  return Buffer.concat(pieces);
}

describe('the database of rpm at SUSE', () => {
  it('gives every blob that has a slot', () => {
    const blobs = [header(bash), Buffer.from('x')];
    expect(headersInNdb(ndb(blobs))?.map((blob) => Buffer.from(blob))).toEqual(blobs);
    expect(headersInNdb(Buffer.alloc(8192))).toBeUndefined();
  });

  it('leaves out what is cut off or is another blob', () => {
    const whole = ndb([header(bash)]);
    expect(headersInNdb(whole.subarray(0, 4100))).toEqual([]);
    whole.writeUInt32LE(7, 4096 + 4);
    expect(headersInNdb(whole)).toEqual([]);
  });
});

it('packages of rpm are in the bill of materials, in the namespace of their distribution', async () => {
  const file = (path: string, bytes: Buffer) => ({
    path,
    size: bytes.length,
    read: async function* () {
      yield bytes;
    },
  });
  const files = [
    file('usr/lib/os-release', Buffer.from('ID=fedora\nVERSION_ID=40\n')),
    file('usr/lib/sysimage/rpm/Packages.db', ndb([header(bash)])),
    file('var/lib/rpm/rpmdb.sqlite', Buffer.from('sqlite')),
    file('var/lib/rpm/Packages', Buffer.from('nothing known')),
  ];
  const scan = await scanFiles(files, async () => [header({1000: 'zlib', 1001: '1.3', 1002: '4'})]);
  expect(scan.omissions).toEqual([expect.stringContaining('/var/lib/rpm/Packages are not listed')]);
  const text = JSON.stringify(spdxDocument(scan, {name: 'app', createdSeconds: 0}));
  expect(text).toContain('pkg:rpm/fedora/bash@5.2-1.fc40?arch=x86_64&distro=fedora-40&epoch=2');
  expect(text).toContain('pkg:rpm/fedora/zlib@1.3-4?distro=fedora-40');
});
