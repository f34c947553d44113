import {expect, test} from 'vitest';
import {surplusPaths} from '../../../src/exporters/local/clear-directory.ts';

const directory = (path: string) => ({path, mode: 0o040755});
const file = (path: string) => ({path, mode: 0o100644});
const symlink = (path: string) => ({path, mode: 0o120777});

test('what the result does not have is named once, by its topmost path', () => {
  const there = [
    directory('.'),
    directory('old'),
    file('old/a'),
    directory('old/b'),
    file('old-file'),
    file('z'),
  ];
  expect(surplusPaths(there, [directory('.'), file('z')])).toEqual(['old', 'old-file']);
});

test('a directory where the result has none goes, and so does what stands where it has one', () => {
  const there = [directory('.'), directory('a'), file('a/x'), symlink('b'), file('c'), symlink('d')];
  const kept = [directory('.'), file('a'), directory('b'), file('b/x'), symlink('c'), file('d')];
  expect(surplusPaths(there, kept)).toEqual(['a', 'b']);
});

test('an empty result leaves nothing', () => {
  expect(surplusPaths([directory('.'), file('.hidden'), directory('a')], [])).toEqual(['.hidden', 'a']);
});
