import type {Item} from '../../src/space/item.ts';

/** An ordinary item of 10 bytes, used at 0. */
export function item(id: string, differences: Partial<Item> = {}): Item {
  return {
    id,
    type: 'regular',
    description: id,
    parents: [],
    bytes: 10,
    sharedBytes: 0,
    createdMs: 0,
    usedMs: 0,
    inUse: false,
    shared: false,
    garbage: false,
    pinned: undefined,
    depth: 0,
    blobs: [],
    removal: {kind: 'layer', layer: id},
    ...differences,
  };
}
