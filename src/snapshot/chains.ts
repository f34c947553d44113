// Which layers a snapshot stands on, bottom first: read from the table once, for a chain never changes.

import {LRUCache} from 'lru-cache';
import type {Descriptor} from '../oci/descriptor.ts';
import type {DiffId} from '../oci/digest.ts';
import {assert} from '../util/assert.ts';
import type {LayerTable, SnapshotId, SnapshotRow} from './layer-table.ts';

export type Chain = readonly SnapshotRow[];

const chainsMax = 2_000;

/** An image as it comes in. */
export interface ImageChain {
  /** Bottom first, with their blobs. */
  readonly layers: readonly {readonly diffId: DiffId; readonly blob: Descriptor}[];
  /** Reference of the image in its registry; undefined for one whose blobs are in the store. */
  readonly source: string | undefined;
  readonly createdMs: number;
}

export class Chains {
  readonly #table: LayerTable;
  readonly #known = new LRUCache<SnapshotId, Chain>({max: chainsMax});

  constructor(table: LayerTable) {
    this.#table = table;
  }

  /** The chain of a snapshot that has a row. */
  of(id: SnapshotId): Chain {
    const chain = this.find(id);
    assert(chain !== undefined, `snapshot ${id} has no row`);
    return chain;
  }

  find(id: SnapshotId): Chain | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const row = this.#table.snapshot(id);
    return row === undefined ? undefined : this.add(row);
  }

  /** The chain of a row that was read, or written just now. */
  add(row: SnapshotRow): Chain | undefined {
    const below = row.parent === undefined ? [] : this.find(row.parent);
    if (below === undefined) return undefined;
    const chain = [...below, row];
    this.#known.set(row.id, chain);
    return chain;
  }
}
