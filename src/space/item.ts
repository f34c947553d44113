// One thing that takes space and can go by itself: what `du` lists and `prune` removes. Types are BuildKit's where it
// has one, so that filters written for it mean the same here.

import type {Digest} from '../oci/digest.ts';

export const itemTypes = [
  'regular',
  'source.local',
  'source.http',
  'source.git.checkout',
  'exec.cachemount',
  'internal',
  'failed',
  'image',
] as const;

export type ItemType = (typeof itemTypes)[number];

/** Its content changes in its place, as that of BuildKit's contexts and cache mounts does. */
export function isMutable({type}: Pick<Item, 'type'>): boolean {
  return type === 'exec.cachemount' || type === 'source.local';
}

/** What has to be taken away. */
export type Removal =
  | {readonly kind: 'layer'; readonly layer: string}
  | {readonly kind: 'stray-layer'; readonly layer: string}
  | {readonly kind: 'blob'}
  | {readonly kind: 'resolved'; readonly reference: string; readonly platform: string}
  | {readonly kind: 'image'; readonly name: string}
  | {readonly kind: 'note'; readonly noteKind: string; readonly key: string | undefined}
  | {readonly kind: 'directory'; readonly path: string}
  | {readonly kind: 'cache-mount'; readonly folder: string}
  | {readonly kind: 'work'; readonly path: string};

export interface Item {
  readonly id: string;
  readonly type: ItemType;
  readonly description: string;
  /** Ids of what it lies on, and which cannot go before it. */
  readonly parents: readonly string[];
  readonly bytes: number;
  /** Of these, what something else has as well: nothing is won by removing them here. */
  readonly sharedBytes: number;
  readonly createdMs: number;
  /** Undefined: not known, as good as now. */
  readonly usedMs: number | undefined;
  /** A live process uses it. */
  readonly inUse: boolean;
  /** An image has it too. */
  readonly shared: boolean;
  /** Nothing leads to it any more: of no use to anybody. */
  readonly garbage: boolean;
  /** Why it stays whatever is asked; undefined: it may go. */
  readonly pinned: string | undefined;
  /** Steps on top of others, counted. */
  readonly depth: number;
  /** Blobs that it needs, and that go with it when nothing else does; part of `bytes`. */
  readonly blobs: readonly {readonly digest: Digest; readonly bytes: number}[];
  readonly removal: Removal;
}
