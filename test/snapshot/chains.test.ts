import {describe, expect, it} from 'vitest';
import {Chains} from '../../src/snapshot/chains.ts';
import type {LayerTable, SnapshotRow} from '../../src/snapshot/layer-table.ts';

/** Snapshots `1`, `2` … on one another, and which of them were read from the table. */
function stackOf(count: number): {chains: Chains; reads: string[]} {
  const reads: string[] = [];
  const table: Pick<LayerTable, 'snapshot'> = {
    snapshot(id): SnapshotRow | undefined {
      reads.push(id);
      const number = Number(id);
      if (!(number >= 1 && number <= count)) return undefined;
      const parent = number === 1 ? undefined : String(number - 1);
      return {id, parent, layer: `l${id}`, epochSeconds: 0};
    },
  };
  return {chains: new Chains(table as LayerTable), reads};
}

describe('what a snapshot stands on', () => {
  it('is told bottom first, and read once', () => {
    const {chains, reads} = stackOf(3);
    expect(chains.of('3').map(({layer}) => layer)).toEqual(['l1', 'l2', 'l3']);
    expect(chains.of('2').map(({layer}) => layer)).toEqual(['l1', 'l2']);
    expect(reads).toEqual(['3', '2', '1']);
    expect(chains.find('4')).toBeUndefined();
  });

  it('is forgotten when it was not asked for while thousands of others were', () => {
    const {chains, reads} = stackOf(3);
    for (const id of ['1', '2']) chains.of(id);
    for (let number = 0; number < 1999; number++) {
      chains.add({id: `other-${number}`, parent: undefined, layer: 'l', epochSeconds: 0});
      chains.of('1');
    }
    reads.length = 0;
    chains.of('1');
    expect(reads).toEqual([]);
    chains.of('2');
    expect(reads).toEqual(['2']);
  });
});
