import {describe, expect, it} from 'vitest';
import {ScanDecoder, secondNotBefore, type TreeRecord} from '../../src/tree/record.ts';
import {shortestMs} from '../support/shortest-time.ts';
import {record} from './memory-tree.ts';
import {encodeRecord} from './record-encoder.ts';

const samples = [
  record('.', {mode: 0o040755, size: 0}),
  record('a/é', {size: 5_000_000_000, mtimeSeconds: -1, inode: 2 ** 40 + 3}),
  record('link', {mode: 0o120777, linkTarget: '../x', uid: 4_294_967_294}),
  record('bin/ping', {mode: 0o104755, attributes: Uint8Array.from([1, 2, 3])}),
  record('dev', {mode: 0o060600, rdevMajor: 8, rdevMinor: 259}),
  record('odd\udcff', {digest: Uint8Array.from(Array.from({length: 32}, (_, index) => index))}),
];

function decode(bytes: Buffer, size: number) {
  const decoder = new ScanDecoder();
  for (let at = 0; at < bytes.length; at += size) {
    // The decoder must not keep the buffer that it is given.
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    decoder.push(chunk);
    chunk.fill(0xee);
  }
  return decoder.finish().map(plainly);
}

/** A record's fields as a plain object. */
function plainly(one: TreeRecord): TreeRecord {
  const names = Object.keys(record('x')) as (keyof TreeRecord)[];
  const bytes = (value: unknown) => (value instanceof Uint8Array ? Uint8Array.from(value) : value);
  return Object.fromEntries(names.map((name) => [name, bytes(one[name])])) as unknown as TreeRecord;
}

describe('ScanDecoder', () => {
  it.each([1, 7, 100, 4096])('reads records from buffers of %d bytes', (size) => {
    expect(decode(Buffer.concat(samples.map(encodeRecord)), size)).toEqual(samples);
  });

  it('refuses a stream that ends within a record or has a record that cannot be', () => {
    const [first] = samples;
    if (first === undefined) throw new Error('no sample');
    const bytes = encodeRecord(first);
    expect(() => decode(bytes.subarray(0, -1), 1000)).toThrow('ended within a record');
    const wrong = Buffer.from(bytes);
    wrong.writeUInt32LE(91, 0);
    expect(() => decode(wrong, 1000)).toThrow('a scan record of 91 bytes');
    const odd = Buffer.from(bytes);
    odd.writeUInt32LE(2, 80);
    expect(() => decode(odd, 1000)).toThrow('whose parts have');
  });

  it('reads 50,000 records in a fraction of a second', () => {
    const bytes = Buffer.concat(
      Array.from({length: 50_000}, (_, index) =>
        encodeRecord(record(`src/module${index % 500}/component/file${index}.ts`, {inode: index})),
      ),
    );
    const milliseconds = shortestMs(1500, () => {
      const decoder = new ScanDecoder();
      for (let at = 0; at < bytes.length; at += 1 << 18) decoder.push(bytes.subarray(at, at + (1 << 18)));
      expect(decoder.finish()).toHaveLength(50_000);
    });
    // Alone on the machine about 40 ms.
    expect(milliseconds).toBeLessThan(1500);
  });
});

describe('secondNotBefore', () => {
  it('rounds up, so that what is made of a file is never older than the file', () => {
    const times = [
      [7, 0],
      [7, 1],
      [-1, 999_999_999],
    ] as const;
    const seconds = times.map(([mtimeSeconds, mtimeNanoseconds]) =>
      secondNotBefore({mtimeSeconds, mtimeNanoseconds}),
    );
    expect(seconds).toEqual([7, 8, 0]);
  });
});
