// One action of the helper's `copy` in a plain upper directory, on trees that are made for it.

import {expect} from 'vitest';
import {readTree, type Tree, type TreeWorld} from './tree-world.ts';

export interface Copy {
  readonly from: Tree;
  readonly onto?: Tree;
  readonly args: readonly string[];
}

export interface Copier {
  copy(given: Copy): {outcome: ReturnType<TreeWorld['run']>; upper: string};
  /** The tree that a copy leaves, which has to succeed. */
  copied(given: Copy, options?: {times?: boolean}): Record<string, string>;
}

export function copierIn(world: TreeWorld): Copier {
  const copy: Copier['copy'] = ({from, onto, args}) => {
    const upper = world.tree(onto);
    const source = `dir=${world.tree(from)}`;
    const outcome = world.run('copy', `upper=${upper}`, 'view=1', source, 'action=copy', 'view=1', ...args);
    return {outcome, upper};
  };
  return {
    copy,
    copied: (given, options = {}) => {
      const {outcome, upper} = copy(given);
      expect(outcome.error).toBe('');
      return readTree(upper, options);
    },
  };
}
