import {describe, expect, it} from 'vitest';
import {copyArgumentsOf} from '../../src/tree/copy-arguments.ts';
import {select} from '../../src/tree/select.ts';
import {treeOf} from './memory-tree.ts';

function argumentsOf(words: readonly string[], source: string, excludes: readonly string[] = []): string[] {
  const copy = {sources: [{path: source, wildcard: false}], parents: false, excludes};
  const outcome = select(treeOf(words), copy);
  const [found] = outcome.type === 'selected' ? outcome.selection.sources : [];
  return found === undefined ? [] : copyArgumentsOf(found, '/to/');
}

describe('copyArgumentsOf', () => {
  it('names a whole directory and no more', () => {
    expect(argumentsOf(['d/a', 'd/b'], 'd')).toEqual(['source=d', 'destination=/to/']);
  });

  it('names a file, and its name when a symlink led to it', () => {
    expect(argumentsOf(['a'], 'a')).toEqual(['source=a', 'destination=/to/']);
    expect(argumentsOf(['a', 'l -> a'], 'l')).toEqual(['source=a', 'destination=/to/', 'name=l']);
  });

  it('lists what is left of a directory, without directories that are passed anyway', () => {
    expect(argumentsOf(['d/a/x', 'd/a/y', 'd/e/', 'd/z'], 'd', ['**/y'])).toEqual([
      'source=d',
      'destination=/to/',
      'only=1',
      'include=d/a/x',
      'include=d/e',
      'include=d/z',
    ]);
  });

  it('includes nothing when nothing is left', () => {
    expect(argumentsOf(['d/a'], 'd', ['*'])).toEqual(['source=d', 'destination=/to/', 'only=1']);
  });
});
