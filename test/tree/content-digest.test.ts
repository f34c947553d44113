import {describe, expect, it} from 'vitest';
import {contentDigestOf} from '../../src/tree/content-digest.ts';
import type {TreeRecord} from '../../src/tree/record.ts';
import {select} from '../../src/tree/select.ts';
import {Tree} from '../../src/tree/tree.ts';
import {record, recordsOf} from './memory-tree.ts';

const bytesOf = (path: string) => new Uint8Array(32).fill(path.length);

function keyOf(
  records: readonly TreeRecord[],
  sources: readonly string[],
  ownership: 'kept' | 'reset' = 'kept',
  digestOf: (one: TreeRecord) => Uint8Array = ({path}) => bytesOf(path.split('/').at(-1) ?? ''),
): string {
  const tree = new Tree([{asked: ['.'], walked: ['.'], pruned: [], records}]);
  const patterns = sources.map((path) => ({path, wildcard: path.includes('*')}));
  const outcome = select(tree, {sources: patterns, parents: false, excludes: []});
  if (outcome.type !== 'selected') throw new Error('unscanned');
  return contentDigestOf(outcome.selection, {ownership, digestOf});
}

function changed(change: Partial<TreeRecord>, path = 'd/f'): TreeRecord[] {
  return base.map((one) => (one.path === path ? {...one, ...change} : one));
}

const base = recordsOf(['d/f', 'd/e/', 'd/l -> x', 'x']);
const key = keyOf(base, ['d']);

describe('contentDigestOf', () => {
  it.each<[string, Partial<TreeRecord>, string?]>([
    ['mode', {mode: 0o100755}],
    ['uid', {uid: 0}],
    ['gid', {gid: 0}],
    ['size', {size: 2}],
    ['attributes', {attributes: Uint8Array.of(1)}],
    ['type', {mode: 0o010644}],
    ['link target', {linkTarget: 'y'}, 'd/l'],
    ['mode of a directory', {mode: 0o040700}, 'd/e'],
  ])('changes with %s', (_, change, path) => {
    expect(keyOf(changed(change, path), ['d'])).not.toBe(key);
  });

  it.each<[string, Partial<TreeRecord>]>([
    ['mtime', {mtimeSeconds: 1, mtimeNanoseconds: 1}],
    ['ctime, inode and device', {ctimeSeconds: 1, inode: 1, device: 1}],
    ['link count', {linkCount: 2}],
  ])('does not change with %s', (_, change) => {
    expect(keyOf(changed(change), ['d'])).toBe(key);
  });

  it('changes with the bytes of a file and with the number of a device', () => {
    expect(keyOf(base, ['d'], 'kept', () => new Uint8Array(32).fill(9))).not.toBe(key);
    const device = (rdevMinor: number) => changed({mode: 0o020600, rdevMajor: 1, rdevMinor});
    expect(keyOf(device(3), ['d'])).not.toBe(keyOf(device(5), ['d']));
  });

  it('does not see owners of a local context', () => {
    expect(keyOf(changed({uid: 5, gid: 6}), ['d'], 'reset')).toBe(keyOf(base, ['d'], 'reset'));
  });

  it('does not depend on the place or the metadata of the copied directory itself', () => {
    expect(keyOf(changed({mode: 0o040700}, 'd'), ['d'])).toBe(key);
    const moved = recordsOf(['q/r/f', 'q/r/e/', 'q/r/l -> x', 'x']);
    expect(keyOf(moved, ['q/r'])).toBe(key);
  });

  it('has the name of a file, but not the way to it', () => {
    const same = () => bytesOf('');
    const files = recordsOf(['a', 'b', 'd/a']);
    expect(keyOf(files, ['a'], 'kept', same)).not.toBe(keyOf(files, ['b'], 'kept', same));
    expect(keyOf(files, ['a'], 'kept', same)).toBe(keyOf(files, ['d/a'], 'kept', same));
  });

  it('tells order, number and framing of sources apart', () => {
    const same = () => bytesOf('');
    const files = recordsOf(['a', 'b', 'd/a', 'd/b', 'e/a', 'f/b', 'ab/', 'x/a/b', 'y/ab']);
    const keys = [['a', 'b'], ['b', 'a'], ['a'], ['a', 'a'], ['d'], ['e', 'f'], ['x'], ['y'], ['ab'], ['n*']];
    const found = keys.map((sources) => keyOf(files, sources, 'kept', same));
    expect(new Set(found).size).toBe(keys.length);
  });

  it('is the same in every version of the engine until its format number changes', () => {
    const one = [record('.', {mode: 0o040755}), record('a', {uid: 0, gid: 0})];
    expect(keyOf(one, ['a'], 'kept', () => new Uint8Array(32))).toMatchInlineSnapshot(
      `"sha256:7a4643ad6300d7ed0c64e1dc20cf61cfd4ed7aa7250c2d3020b4e68011c189ec"`,
    );
  });

  it('reads frames longer than its buffer', () => {
    const long = changed({attributes: new Uint8Array(1 << 19)});
    const longer = changed({attributes: new Uint8Array((1 << 19) + 1)});
    expect(keyOf(long, ['d'])).not.toBe(keyOf(longer, ['d']));
  });
});
