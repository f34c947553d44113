import {gzipSync} from 'node:zlib';
import {describe, expect, it} from 'vitest';
import {
  formatRecent,
  nothingRecent,
  parseRecent,
  type Recent,
  type RecentRecord,
  withOwn,
} from '../../src/cache/recent-document.ts';
import {encodeFileList} from '../../src/tree/file-list.ts';

const list = encodeFileList({sources: []}, {ownership: 'kept', digestOf: () => new Uint8Array(32)});
const files = new Map([['d1', Buffer.from(list ?? [])]]);

function record(op: string): RecentRecord {
  return {name: `[1/1] ${op}`, ingredients: {format: 2, op, inputs: ['d1 d2'], from: ['context']}};
}

function packed(data: unknown): Uint8Array {
  return Buffer.from(JSON.stringify({format: 1, data: gzipSync(JSON.stringify(data)).toString('base64')}));
}

describe('what a cache was given lately', () => {
  it('is read as it was written', () => {
    const recent: Recent = {records: [record('a'), record('b')], files};
    expect(parseRecent(formatRecent(recent))).toEqual(recent);
  });

  it('begins with what is new, and is written only when something is', () => {
    const old: Recent = {records: [record('a')], files};
    const joined = withOwn({records: [record('b'), record('a')], files: new Map()}, old);
    expect(joined?.records.map(({ingredients}) => ingredients.op)).toEqual(['b', 'a']);
    expect(joined?.files).toEqual(files);
    expect(withOwn({records: [record('a')], files: new Map()}, old)).toBeUndefined();
  });

  it('has a limit, and no ops that are long', () => {
    const many = Array.from({length: 600}, (_, n) => record(String(n)));
    const joined = withOwn({records: [record('x'.repeat(20_000)), ...many], files}, nothingRecent);
    expect(joined?.records).toHaveLength(500);
    expect(joined?.records[0]?.ingredients.op).toBe('0');
    const large = new Map([['d1', new Uint8Array(200_000)]]);
    expect(withOwn({records: [record('a')], files: large}, nothingRecent)?.files.size).toBe(0);
  });

  it.each([
    ['no JSON', Buffer.from('<html>')],
    ['another format', Buffer.from('{"format":2,"data":""}')],
    ['no gzip', Buffer.from('{"format":1,"data":"aGVsbG8="}')],
    ['other members', packed({records: 'x', files: 7})],
    [
      'records that are none',
      packed({records: [null, 1, {name: 'x'}, {name: 'x', op: 1}], files: [null, ['d']]}),
    ],
    ['a list of files that is none', packed({records: [], files: [['d1', 'aGVsbG8=']]})],
    ['more than memory should hold', packed('x'.repeat(17 << 20))],
  ])('is nothing where there is %s', (_, bytes) => {
    expect(parseRecent(bytes)).toEqual(nothingRecent);
  });
});
