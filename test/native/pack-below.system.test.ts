// A layer tells only what it changes: what was copied up or written again alike, whiteouts of nothing and opaque
// marks on what is no directory below stay out of its tar, as BuildKit's overlay differ decides.

import {execFileSync} from 'node:child_process';
import {afterAll, describe, expect, test} from 'vitest';
import {
  longAgo,
  makeOpaque,
  setXattr,
  type Tree,
  TreeWorld,
  whiteout,
  whyNoTrees,
} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

function members(upper: Tree, ...below: readonly string[]): string[] {
  const layer = world.tree(upper);
  return membersOf(layer, below);
}

function membersOf(layer: string, below: readonly string[]): string[] {
  const file = world.newPath();
  world.ok('pack', `layer=${layer}`, ...below.map((path) => `layer=${path}`), `out=${file}`);
  return execFileSync('tar', ['tf', file]).toString().split('\n').filter(Boolean);
}

describe.skipIf(whyNoTrees() !== undefined)('pack on top of other layers', () => {
  test('leaves out a file that is the same below, and the directories that lead to it', () => {
    const same: Tree = {
      'dir/file': {file: 'same', mtime: longAgo},
      'dir/in/file': {file: 'x', mtime: longAgo},
    };
    expect(members(same, world.tree(same))).toEqual([]);
  });

  test('tells of the directories on the way to a change, since others unpack a layer by itself', () => {
    const same: Tree = {'a/same/file': {file: 'x', mtime: longAgo}, 'b/c': {dir: true}, 'd/e/gone': 'x'};
    const upper: Tree = {...same, 'b/c/new': 'new', 'd/e/gone': whiteout};
    expect(members(upper, world.tree(same))).toEqual(['b/', 'b/c/', 'b/c/new', 'd/', 'd/e/', 'd/e/.wh.gone']);
  });

  test('keeps a name that is the same below, where it is another name of the same file now', () => {
    const below = world.tree({'a/one': {file: 'x', mtime: longAgo}});
    const upper: Tree = {'a/one': {file: 'x', mtime: longAgo}, 'b/two': {hard: 'a/one'}};
    expect(members(upper, below)).toEqual(['a/', 'a/one', 'b/', 'b/two']);
  });

  test('compares attributes of users', () => {
    const trees = [longAgo, longAgo].map((mtime) => world.tree({a: {file: 'x', mtime}, d: {dir: true}}));
    const [below = '', upper = ''] = trees;
    expect(membersOf(upper, [below])).toEqual([]);
    setXattr(`${upper}/a`, 'user.note', '01');
    setXattr(`${upper}/d`, 'user.note', '01');
    expect(membersOf(upper, [below])).toEqual(['a', 'd/']);
    setXattr(`${below}/a`, 'user.note', '01');
    setXattr(`${below}/d`, 'user.note', '02');
    expect(membersOf(upper, [below])).toEqual(['d/']);
  });

  test('keeps a file whose content, mode or time differs', () => {
    const below = world.tree({
      a: {file: 'one', mtime: longAgo},
      b: {file: 'x', mtime: longAgo},
      c: {file: 'x', mtime: longAgo},
    });
    const upper: Tree = {
      a: {file: 'two', mtime: longAgo},
      b: {file: 'x', mtime: longAgo, mode: 0o755},
      c: {file: 'x', mtime: longAgo + 1},
    };
    expect(members(upper, below)).toEqual(['a', 'b', 'c']);
  });

  test('keeps a directory whose owner changed, though nothing in it did', () => {
    expect(members({d: {dir: true, uid: 5}}, world.tree({d: {dir: true}}))).toEqual(['d/']);
  });

  test('compares symlinks by their target', () => {
    const below = world.tree({a: {link: 'x', mtime: longAgo}, b: {link: 'x', mtime: longAgo}});
    expect(members({a: {link: 'x', mtime: longAgo}, b: {link: 'y', mtime: longAgo}}, below)).toEqual(['b']);
  });

  test('leaves out a whiteout of what is not there', () => {
    expect(members({there: whiteout, 'never-was': whiteout}, world.tree({there: 'x'}))).toEqual([
      '.wh.there',
    ]);
  });

  test('marks a directory opaque only where a directory is below', () => {
    const layer = world.tree({'was-dir/new': 'x', 'was-file/new': 'x', 'was-nothing/new': 'x'});
    for (const name of ['was-dir', 'was-file', 'was-nothing']) makeOpaque(`${layer}/${name}`);
    const below = world.tree({'was-dir/old': 'x', 'was-file': 'x'});
    const found = membersOf(layer, [below]);
    expect(found.filter((name) => name.includes('.wh.'))).toEqual(['was-dir/.wh..wh..opq']);
  });

  test('looks at the merged tree below, not at one layer of it', () => {
    const bottom = world.tree({a: {file: 'x', mtime: longAgo}, b: {file: 'x', mtime: longAgo}});
    const middle = world.tree({a: whiteout});
    expect(members({a: {file: 'x', mtime: longAgo}, b: {file: 'x', mtime: longAgo}}, middle, bottom)).toEqual(
      ['a'],
    );
  });

  test('does not follow a symlink below a path', () => {
    const below = world.tree({real: {dir: true}, 'real/f': {file: 'x', mtime: longAgo}, d: {link: 'real'}});
    expect(members({'d/f': {file: 'x', mtime: longAgo}}, below)).toContain('d/f');
  });
});
