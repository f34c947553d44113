import {describe, expect, it} from 'vitest';
import {Chains} from '../../src/snapshot/chains.ts';
import {KnownStacks} from '../../src/snapshot/known-stacks.ts';
import type {LayerDirectories} from '../../src/snapshot/layer-directories.ts';
import type {LayerId, LayerTable, SnapshotRow} from '../../src/snapshot/layer-table.ts';

/** Snapshots `1` to `count` on one another, with layers `l1`, `l2` …, of which those in `unchanged` change nothing. */
function stacksOf(
  count: number,
  unchanged: readonly LayerId[] = [],
): {stacks: KnownStacks; paths: LayerId[]} {
  const paths: LayerId[] = [];
  const table: Pick<LayerTable, 'snapshot' | 'isUnchanged'> = {
    snapshot(id): SnapshotRow | undefined {
      const number = Number(id);
      if (!(number >= 1 && number <= count)) return undefined;
      return {id, parent: number === 1 ? undefined : String(number - 1), layer: `l${id}`, epochSeconds: 0};
    },
    isUnchanged: (layer) => unchanged.includes(layer),
  };
  const directories: Pick<LayerDirectories, 'pathsOf'> = {
    pathsOf(layer) {
      paths.push(layer);
      return [`/${layer}`];
    },
  };
  const chains = new Chains(table as LayerTable);
  const options = {chains, table: table as LayerTable, directories: directories as LayerDirectories};
  return {stacks: new KnownStacks(options), paths};
}

describe('a stack that is known', () => {
  it('is asked about its topmost layer alone, when the one below it was whole', async () => {
    const {stacks} = stacksOf(3);
    const asked: LayerId[] = [];
    const ask = async (layer: LayerId): Promise<boolean> => asked.push(layer) > 0;
    expect(await stacks.areWhole('2', ask)).toBe(true);
    expect(await stacks.areWhole('3', ask)).toBe(true);
    expect(asked).toEqual(['l2', 'l1', 'l3']);
    stacks.forgetWhole();
    expect(await stacks.areWhole('3', ask)).toBe(true);
    expect(asked.slice(3)).toEqual(['l3', 'l2', 'l1']);
  });

  it('is asked about again when a layer was missing, and is not there without a row', async () => {
    const {stacks} = stacksOf(2);
    expect(await stacks.areWhole('2', async (layer) => layer !== 'l1')).toBe(false);
    expect(await stacks.areWhole('2', async () => true)).toBe(true);
    expect(await stacks.areWhole('3', async () => true)).toBe(false);
    expect(stacks.areHere('2', (layer) => layer !== 'l2')).toBe(false);
    expect(stacks.areHere('1', () => true)).toBe(true);
    expect(stacks.areHere('2', (layer) => layer === 'l2')).toBe(true);
  });

  it('shows its layers topmost first, but for those that change nothing above the lowest', () => {
    const {stacks, paths} = stacksOf(5, ['l1', 'l3', 'l5']);
    expect(stacks.visibleOf('4')).toEqual(['/l4', '/l2', '/l1']);
    expect(stacks.visibleOf('5')).toEqual(['/l4', '/l2', '/l1']);
    expect(stacks.visibleOf('3')).toEqual(['/l2', '/l1']);
    paths.length = 0;
    for (const id of ['3', '4', '5']) stacks.visibleOf(id);
    expect(paths).toEqual([]);
  });
});
