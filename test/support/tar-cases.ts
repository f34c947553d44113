// Archives of odd and of hostile bytes, with what a strict reader makes of them. Our two readers (src/tar, native) are
// both held to this table; where docker's own reader is known to differ, the case says so.

import {binary, field, type HeaderFields, header, member, padded, record} from './tar-bytes.ts';

/** What both readers can tell of a file. */
export interface Expected {
  readonly path: string;
  readonly text?: string;
  readonly size?: number;
  readonly uid?: number;
  readonly mtime?: number;
}

export type TarCase = {readonly title: string; readonly bytes: Buffer} & (
  | {readonly entries: readonly Expected[]}
  /** What the reader of src/tar says. */
  | {readonly refused: RegExp}
);

const extended = (text: string, type = 'x'): Buffer => member({name: 'pax', type}, text);
const end = Buffer.alloc(1024);
const plain = member({name: 'last'}, 'l');
const last: Expected = {path: 'last', text: 'l'};
const tar = (...parts: readonly Buffer[]): Buffer => Buffer.concat([...parts, plain, end]);

const data = 'DATAdata';
const sparse = (more: string, stored: string = data): Buffer =>
  Buffer.concat([extended(more), member({name: 'GNUSparseFile.0/s'}, stored)]);
const holes = `${'\0'.repeat(4)}DATA${'\0'.repeat(8)}data`;
const sparseFile: Expected = {path: 's', text: holes};
const named = record('GNU.sparse.name', 's') + record('GNU.sparse.realsize', '20');
const version1 = named + record('GNU.sparse.major', '1') + record('GNU.sparse.minor', '0');
const oldRuns = (...numbers: readonly number[]): Buffer =>
  Buffer.concat(numbers.map((number) => field(number, 12)));
const oldSparse = (
  runs: Buffer,
  size: number,
  more: readonly (readonly [number, string])[] = [],
): HeaderFields => ({
  name: 's',
  type: 'S',
  magic: 'ustar  \0',
  more: new Map<number, Buffer | string>([[386, runs], [483, field(size, 12)], ...more]),
});

const numbers: readonly TarCase[] = [
  {
    title: 'octal with blanks in front and behind, and an empty field',
    bytes: tar(member({name: 'a', size: '         1 \0', uid: ' 17 \0\0\0\0', mtime: '\0'.repeat(12)}, 'a')),
    entries: [{path: 'a', text: 'a', uid: 15, mtime: 0}, last],
  },
  {
    title: 'what stands behind the NUL of a number counts for nothing',
    bytes: tar(member({name: 'a', uid: '0000021\0', mtime: '00000000007\0', mode: '644\0junk'}, 'a')),
    entries: [{path: 'a', text: 'a', uid: 17, mtime: 7}, last],
  },
  {
    title: 'base-256, for what octal cannot say',
    bytes: tar(
      member({name: 'a', uid: binary(2147483648n, 8), mtime: binary(-86400n, 12), size: binary(1n, 12)}, 'a'),
    ),
    entries: [{path: 'a', text: 'a', uid: 2147483648, mtime: -86400}, last],
  },
  {
    title: 'a checksum of signed bytes',
    bytes: tar(member({name: 'grün', checksum: 'signed'}, 'g')),
    entries: [{path: 'grün', text: 'g'}, last],
  },
  {
    title: 'a wrong checksum',
    bytes: tar(member({name: 'a', checksum: 'wrong'})),
    refused: /wrong checksum \(at byte 0\)/,
  },
  {
    title: 'a size that is no number',
    bytes: tar(member({name: 'a', size: '00000000008\0'})),
    refused: /whose size/,
  },
  {
    title: 'a negative size',
    bytes: tar(member({name: 'a', size: binary(-512n, 12)})),
    refused: /size is negative/,
  },
  {
    title: 'a size beyond all numbers',
    bytes: tar(member({name: 'a', size: binary(1n << 70n, 12)})),
    refused: /whose size/,
  },
  {
    title: 'a size of eight exabytes',
    bytes: tar(member({name: 'a', size: binary((1n << 63n) - 1n, 12)})),
    refused: /whose size/,
  },
  {
    title: 'a negative owner',
    bytes: tar(member({name: 'a', uid: binary(-1n, 8)})),
    refused: /user id is negative/,
  },
  {
    title: 'an owner that is nobody',
    bytes: tar(member({name: 'a', uid: binary(0xffffffffn, 8)})),
    refused: /an owner of number 4294967295/,
  },
];

const names: readonly TarCase[] = [
  {
    title: 'a prefix of POSIX, and none of GNU',
    bytes: tar(
      member({name: 'a', prefix: 'p/q'}, '1'),
      member({name: 'b', prefix: 'times', magic: 'ustar  \0'}, '2'),
    ),
    entries: [{path: 'p/q/a', text: '1'}, {path: 'b', text: '2'}, last],
  },
  {
    title: 'a prefix of star, behind which it keeps times',
    bytes: tar(
      member({
        name: 'a',
        prefix: 'p'.repeat(131),
        more: new Map([
          [476, '00000000012 00000000012 '],
          [508, 'tar\0'],
        ]),
      }),
    ),
    entries: [{path: `${'p'.repeat(131)}/a`, text: ''}, last],
  },
  {
    title: 'a file of before POSIX, which is a directory when its name ends in a slash',
    bytes: tar(
      member({name: 'd/', type: '\0', magic: ''}),
      member({name: 'd/f', type: '\0', magic: ''}, 'x'),
      member({name: 'f/'}, 'y'),
    ),
    entries: [{path: 'd/f', text: 'x'}, {path: 'f', text: 'y'}, last],
  },
  {
    title: 'names of GNU, which end at the first NUL and go before those of pax',
    bytes: tar(
      member({name: 'long', type: 'L'}, 'gnu\0more'),
      extended(record('path', 'pax')),
      member({name: 'short'}, 'x'),
    ),
    entries: [{path: 'gnu', text: 'x'}, last],
  },
  {
    title: 'of two extended headers the second counts, and none of them for the entry after',
    bytes: tar(
      extended(record('path', 'first') + record('uid', '7')),
      extended(record('path', 'second')),
      member({name: 'a'}, 'x'),
    ),
    entries: [{path: 'second', text: 'x', uid: 0}, last],
  },
  {
    title: 'an empty value, which says nothing',
    bytes: tar(
      extended(record('path', 'x') + record('path', '') + record('size', '') + record('uid', '')),
      member({name: 'a'}, 'x'),
    ),
    entries: [{path: 'a', text: 'x'}, last],
  },
  {
    title: 'a header for all entries, which docker does not obey',
    bytes: tar(
      extended(record('path', 'x') + record('size', '9') + record('comment', 'c'), 'g'),
      member({name: 'a'}, 'x'),
    ),
    entries: [{path: 'a', text: 'x'}, last],
  },
  {title: 'the label of a volume', bytes: tar(member({name: 'label', type: 'V'})), entries: [last]},
  {
    title: 'an unknown type',
    bytes: tar(member({name: 'a'}), member({name: 'b', type: 'Q'})),
    refused: /unknown type "Q" \(at byte 512, entry "a"\)/,
  },
];

const extensions: readonly TarCase[] = [
  {
    title: 'pax of every kind',
    bytes: tar(
      extended(
        record('path', './long/nämé') +
          record('uid', '2147483648') +
          record('mtime', '-1.5') +
          record('size', '3'),
      ),
      member({name: 'a', size: 0}, '').subarray(0, 512),
      padded('abc'),
    ),
    entries: [{path: 'long/nämé', text: 'abc', uid: 2147483648, mtime: -1.5}, last],
  },
  ...[
    ['a record that is longer than the header', '99 path=a\n'],
    ['a record that ends in the middle of its key', '6 pat=a\n'],
    ['a record without a length', 'path=a\n'],
    ['a record without a line end', `${record('path', 'aa').slice(0, -1)}x`],
    ['a record without a key', '6 =a\n\n'],
    ['a record without a value', '8 path \n'],
    ['a record of a negative length', '-9 path=a\n'],
  ].map(([title, text]) => ({
    title: title ?? '',
    bytes: tar(extended(text ?? ''), member({name: 'a'})),
    refused: /a broken extended header \(at byte 0\)/,
  })),
  {
    title: 'a NUL in a path',
    bytes: tar(extended(record('path', 'a\0b')), member({name: 'a'})),
    refused: /a NUL in a name/,
  },
  {
    title: 'a pax size that is negative',
    bytes: tar(extended(record('size', '-1')), member({name: 'a'})),
    refused: /whose size is "-1"/,
  },
  {
    title: 'a pax size beyond all numbers',
    bytes: tar(extended(record('size', '9'.repeat(20))), member({name: 'a'})),
    refused: /whose size/,
  },
  {
    title: 'a pax owner that is no number',
    bytes: tar(extended(record('uid', '0x1')), member({name: 'a'})),
    refused: /whose uid is "0x1"/,
  },
  {
    title: 'a pax time that is none',
    bytes: tar(extended(record('mtime', 'now')), member({name: 'a'})),
    refused: /whose mtime is "now"/,
  },
  {
    title: 'an extended header that is larger than any',
    bytes: tar(
      Buffer.concat([header({name: 'x', type: 'x', size: 2 ** 20 + 1}), Buffer.alloc(2 ** 20 + 512)]),
    ),
    refused: /an extended header of 1048577 bytes/,
  },
  {
    title: 'a header for all entries that is broken',
    bytes: tar(extended('nothing', 'g'), member({name: 'a'})),
    refused: /a broken extended header/,
  },
];

const sparseFiles: readonly TarCase[] = [
  {
    title: 'sparse 0.0',
    bytes: tar(
      sparse(
        record('GNU.sparse.size', '20') +
          record('GNU.sparse.numblocks', '2') +
          [4, 4, 16, 4]
            .map((n, at) => record(`GNU.sparse.${at % 2 === 0 ? 'offset' : 'numbytes'}`, `${n}`))
            .join(''),
      ),
    ),
    entries: [{...sparseFile, path: 'GNUSparseFile.0/s'}, last],
  },
  {
    title: 'sparse 0.1',
    bytes: tar(sparse(named + record('GNU.sparse.map', '4,4,16,4'))),
    entries: [sparseFile, last],
  },
  {
    title: 'sparse 1.0',
    bytes: tar(
      sparse(version1, Buffer.concat([padded('2\n4\n4\n16\n4\n'), Buffer.from(data)]).toString('latin1')),
    ),
    entries: [sparseFile, last],
  },
  {
    title: 'the old kind of sparse file',
    bytes: tar(member(oldSparse(oldRuns(4, 4, 16, 4), 20), data)),
    entries: [sparseFile, last],
  },
  {
    title: 'the old kind, with a map that goes on in a block of its own',
    bytes: tar(
      header({...oldSparse(oldRuns(4, 4), 20, [[482, '\x01']]), size: 8}),
      padded(oldRuns(16, 4)),
      padded(data),
    ),
    entries: [sparseFile, last],
  },
  {
    title: 'a file that is one hole',
    bytes: tar(member(oldSparse(oldRuns(0, 0), 70_000), '')),
    entries: [{path: 's', text: '\0'.repeat(70_000)}, last],
  },
  ...[
    ['runs that overlap', '4,4,6,4'],
    ['runs out of order', '16,4,4,4'],
    ['a run behind the end', '4,4,17,4'],
    ['a run without a length', '4,4,16'],
    ['a run that is no number', '4,4,x,4'],
    ['less data than is stored', '4,4'],
    ['more data than is stored', '0,4,4,4,8,4'],
    ['a run beyond all numbers', `4,4,${'9'.repeat(25)},4`],
  ].map(([title, map]) => ({
    title: `sparse with ${title}`,
    bytes: tar(sparse(named + record('GNU.sparse.map', map ?? ''))),
    refused: /a sparse file .*\(at byte 1024, entry "s"\)/,
  })),
  {
    title: 'sparse of an unknown version',
    bytes: tar(sparse(named + record('GNU.sparse.major', '3'))),
    refused: /sparse file of version 3.0/,
  },
  {
    title: 'sparse 1.0 with a map that never ends',
    bytes: tar(sparse(version1, '9'.repeat(2048))),
    refused: /whose map is no map/,
  },
  {
    title: 'sparse 1.0 with more runs than there can be',
    bytes: tar(sparse(version1, '9999999\n')),
    refused: /whose map is no map/,
  },
  {
    title: 'a directory that is sparse',
    bytes: tar(extended(named), member({name: 'd', type: '5'})),
    refused: /a sparse file that is a directory/,
  },
];

const ends: readonly TarCase[] = [
  {title: 'no end mark', bytes: member({name: 'a'}, 'x'), entries: [{path: 'a', text: 'x'}]},
  {title: 'half an end mark', bytes: Buffer.concat([plain, end.subarray(0, 512)]), entries: [last]},
  {title: 'nothing at all', bytes: Buffer.alloc(0), entries: []},
  {title: 'nothing but the end', bytes: end, entries: []},
  {
    title: 'anything behind the end',
    bytes: Buffer.concat([plain, end, Buffer.from('tail')]),
    entries: [last],
  },
  {
    title: 'half a block of end',
    bytes: Buffer.concat([plain, end.subarray(0, 700)]),
    refused: /ends too early \(at byte 1024/,
  },
  {
    title: 'something else behind the first block of the end',
    bytes: Buffer.concat([plain, end.subarray(0, 512), plain]),
    refused: /something behind its end mark \(at byte 1024, entry "last"\)/,
  },
  {title: 'an end within a header', bytes: plain.subarray(0, 300), refused: /ends too early \(at byte 0\)/},
  {
    title: 'an end within data',
    bytes: plain.subarray(0, 512),
    refused: /ends too early \(at byte 0, entry "last"\)/,
  },
  {
    title: 'an end within padding',
    bytes: plain.subarray(0, 1000),
    refused: /ends too early \(at byte 0, entry "last"\)/,
  },
  {
    title: 'an end within an extended header',
    bytes: extended(record('path', 'a')).subarray(0, 515),
    refused: /ends too early/,
  },
  {title: 'text', bytes: Buffer.alloc(1024, 'no archive '), refused: /wrong checksum \(at byte 0\)/},
];

export const tarCases: readonly TarCase[] = [...numbers, ...names, ...extensions, ...sparseFiles, ...ends];
