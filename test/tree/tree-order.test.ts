import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {partitionPoint, treeOrder} from '../../src/tree/tree-order.ts';
import {decodePathText, encodePathText} from '../../src/util/path-text.ts';

/** By components, each by bytes: the definition. */
function plainOrder(a: string, b: string): number {
  if (a === '.' || b === '.') return Number(b === '.') - Number(a === '.');
  const [x, y] = [a.split('/'), b.split('/')];
  for (let index = 0; index < Math.min(x.length, y.length); index++) {
    const order = Buffer.compare(encodePathText(x[index] ?? ''), encodePathText(y[index] ?? ''));
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

describe('treeOrder', () => {
  it('gives a directory, its subtree, and then names that go on with a character below the slash', () => {
    const paths = ['a-b', 'a', 'b', 'a/x', '.', 'a/x/y', 'a.c', 'a/-'];
    expect([...paths].sort(treeOrder)).toEqual(['.', 'a', 'a/-', 'a/x', 'a/x/y', 'a-b', 'a.c', 'b']);
  });

  it('is by bytes, whatever the names hold', () => {
    const name = fc.oneof(
      fc.stringMatching(/^[a\-.]{1,3}$/),
      fc.constantFrom('é', '\uffff', '\u{1f600}', '\u{10ffff}', '\u0800'),
      fc.uint8Array({minLength: 1, maxLength: 4}).map((bytes) => {
        const named = Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0xff : byte)));
        return decodePathText(named);
      }),
    );
    const path = fc
      .array(name, {minLength: 1, maxLength: 3})
      .map((parts) => parts.join('/'))
      .filter((text) => !/(?:^|\/)\.{1,2}(?:\/|$)/.test(text));
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(Math.sign(treeOrder(a, b))).toBe(Math.sign(plainOrder(a, b)));
      }),
      {numRuns: 2000},
    );
  });
});

describe('partitionPoint', () => {
  it('finds the first index that no longer holds', () => {
    for (let point = 0; point <= 9; point++) expect(partitionPoint(0, 9, (at) => at < point)).toBe(point);
  });
});
