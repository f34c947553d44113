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

const hostile = {name: 'RUN true', format: 1, op: 'exec null', inputs: [], from: []};

describe('what a cache was given lately', () => {
  it('is read as it was written', () => {
    const recent: Recent = {records: [record('a'), record('b')], files};
    expect(parseRecent(formatRecent(recent))).toEqual(recent);
  });

  it('begins with what is new, and is written only when something is', () => {
    const old: Recent = {records: [record('a')], files};
    const joined = withOwn([record('b'), record('a')], () => undefined, old);
    expect(joined?.records.map(({ingredients}) => ingredients.op)).toEqual(['b', 'a']);
    expect(joined?.files).toEqual(files);
    expect(withOwn([record('a')], () => undefined, old)).toBeUndefined();
  });

  it('has a limit, and no ops that are long', () => {
    const many = Array.from({length: 600}, (_, n) => record(String(n)));
    const joined = withOwn(
      [record('x'.repeat(20_000)), ...many],
      (digest) => files.get(digest),
      nothingRecent,
    );
    expect(joined?.records).toHaveLength(500);
    expect(joined?.records[0]?.ingredients.op).toBe('0');
    const large = new Uint8Array(200_000);
    expect(withOwn([record('a')], () => large, nothingRecent)?.files.size).toBe(0);
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
    ['a record with an op that is too long', packed({records: [{...hostile, op: 'x'.repeat(20_000)}]})],
    ['more of files than anybody writes', packed({files: [['d1', 'A'.repeat(300_000)]]})],
    ['more than memory should hold', packed('x'.repeat(17 << 20))],
  ])('is nothing where there is %s', (_, bytes) => {
    expect(parseRecent(bytes)).toEqual(nothingRecent);
  });

  it('has names that can be shown, and are not long', () => {
    const {records} = parseRecent(packed({records: [{...hostile, name: `\x1b[2J${'['.repeat(9000)}`}]}));
    expect(records[0]?.name).toMatch(/^[^\x1b]{1,4096}$/);
  });
});
