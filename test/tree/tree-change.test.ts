import {describe, expect, it} from 'vitest';
import {encodeRecords, isSameRecord, ScanDecoder, type TreeRecord} from '../../src/tree/record.ts';
import {treeChange} from '../../src/tree/tree-change.ts';
import {treeOrder} from '../../src/tree/tree-order.ts';
import {record} from './memory-tree.ts';
import {encodeRecord} from './record-encoder.ts';

const directory = {mode: 0o040755, size: 0};

/** As a walk gives them: in tree order, out of bytes. */
function walked(...records: readonly TreeRecord[]): TreeRecord[] {
  const decoder = new ScanDecoder();
  decoder.push(Buffer.concat(records.toSorted((a, b) => treeOrder(a.path, b.path)).map(encodeRecord)));
  return decoder.finish();
}

function change(before: readonly TreeRecord[], now: readonly TreeRecord[], root = '.') {
  const found = treeChange(before, now, root);
  return found && {changed: found.changed.map(({path}) => path), gone: found.gone};
}

const [a, b] = [record('d/a', {inode: 1}), record('d/b', {inode: 2})];
const d = record('d', directory);

describe('treeChange', () => {
  it('finds nothing in two walks that said the same', () => {
    expect(change(walked(d, a, b), walked(d, a, b))).toEqual({changed: [], gone: []});
  });

  it.each([
    ['content', {size: 9}],
    ['time', {mtimeNanoseconds: 7}],
    ['mode', {mode: 0o100755}],
    ['inode', {inode: 77}],
    ['time of the last change alone', {ctimeSeconds: 5}],
    ['file system', {device: 12}],
  ])('takes a file whose %s is another', (_, difference) => {
    const other = record('d/a', {inode: 1, ...difference});
    expect(change(walked(d, a, b), walked(d, other, b))).toEqual({changed: ['d/a'], gone: []});
  });

  it('takes new entries, and says of what went away only the topmost, with the directory that it was in', () => {
    const [e, inE, deep] = [record('d/e', directory), record('d/e/x'), record('d/e/f', directory)];
    expect(change(walked(d, a), walked(d, a, e, inE))).toEqual({changed: ['d/e', 'd/e/x'], gone: []});
    expect(change(walked(d, a, e, inE, deep), walked(d, a))).toEqual({changed: ['d'], gone: ['d/e']});
    expect(change(walked(d, a, b), walked(d, b))).toEqual({changed: ['d'], gone: ['d/a']});
    expect(change(walked(d, a, record('z')), walked(d, a))).toEqual({changed: [], gone: ['z']});
  });

  it('takes a directory away that became a file, and a file that became a directory', () => {
    const file = record('d');
    expect(change(walked(d, a), walked(file))).toEqual({changed: ['d'], gone: ['d']});
    expect(change(walked(file), walked(d, a))).toEqual({changed: ['d', 'd/a'], gone: ['d']});
  });

  it('refuses hard links and entries in directories that are not listed', () => {
    const linked = record('d/a', {inode: 1, linkCount: 2});
    expect(change(walked(d, linked), walked(d, linked))).toBeUndefined();
    expect(change(walked(a), walked(a))).toBeUndefined();
    expect(change(walked(a), walked(a), 'd')).toEqual({changed: [], gone: []});
  });
});

describe('records that are kept', () => {
  it('are those of the walk, and such as may have changed unseen are the same as none', () => {
    const records = walked(d, a, b);
    const decoder = new ScanDecoder();
    decoder.push(encodeRecords(records, ({path}) => path !== 'd/b'));
    const kept = decoder.finish();
    expect(kept.map(({path}) => path)).toEqual(['d', 'd/a', 'd/b']);
    expect(records.map((one, index) => isSameRecord(one, kept[index] ?? one))).toEqual([true, true, false]);
  });
});
