// Which items go, and why each of the others stays: the decision of `prune`, of its dry run and of the policies of the
// configuration. Pure: from items and the state of the disk to a list.

import type {Filter} from './filter.ts';
import type {Item} from './item.ts';

/** What buildkitd.toml calls a gcpolicy, and the flags of `prune`. */
export interface Policy {
  /** Also what is shared with images and what is internal. */
  readonly all: boolean;
  readonly filter: Filter;
  /** Only what has not been used for so long. */
  readonly keepMs?: number | undefined;
  readonly reservedBytes?: number | undefined;
  readonly maxUsedBytes?: number | undefined;
  readonly minFreeBytes?: number | undefined;
}

export interface Situation {
  readonly nowMs: number;
  /** Free bytes of the file system. */
  readonly freeBytes: number;
}

export interface Choice {
  readonly item: Item;
  /** Why it goes, or why it stays. */
  readonly reason: string;
  readonly goes: boolean;
}

/** All items, each with its verdict; those that go in the order in which they can. */
export function choose(items: readonly Item[], policy: Policy, situation: Situation): readonly Choice[] {
  const tally = new Tally(items);
  const keepBytes = bytesToKeep(policy, tally.bytes, situation.freeBytes);
  const stays: Choice[] = [];
  const goes: Choice[] = [];
  const children = childrenOf(items);
  const gone = new Set<string>();
  for (const item of items.toSorted(byAge)) {
    const obstacle = obstacleOf(item, policy, situation.nowMs) ?? childObstacle(item, children, gone);
    if (obstacle !== undefined) {
      stays.push({item, goes: false, reason: obstacle});
    } else if (keepBytes !== undefined && tally.bytes <= keepBytes && !item.garbage) {
      stays.push({item, goes: false, reason: 'there is room for it'});
    } else {
      tally.remove(item);
      gone.add(item.id);
      goes.push({item, goes: true, reason: reasonOf(item, keepBytes !== undefined, situation.nowMs)});
    }
  }
  return [...goes, ...stays];
}

/** The same for several policies, each of which is given what the ones before it have left. */
export function chooseInTurn(
  items: readonly Item[],
  policies: readonly Policy[],
  situation: Situation,
): readonly Choice[] {
  const gone: Choice[] = [];
  let stays: readonly Choice[] = items.map((item) => ({item, goes: false, reason: 'no policy asks for it'}));
  let {freeBytes} = situation;
  for (const policy of policies) {
    const left = stays.map(({item}) => item);
    const choices = choose(left, policy, {...situation, freeBytes});
    freeBytes += freedBytes(choices);
    gone.push(...choices.filter(({goes}) => goes));
    stays = choices.filter(({goes}) => !goes);
  }
  return [...gone, ...stays];
}

/** What all of them take; what several need counts once. */
export function totalBytes(items: readonly Item[]): number {
  return new Tally(items).bytes;
}

/** What goes takes, given that the others stay. */
export function freedBytes(choices: readonly Choice[]): number {
  const tally = new Tally(choices.map(({item}) => item));
  const before = tally.bytes;
  for (const {item, goes} of choices) if (goes) tally.remove(item);
  return before - tally.bytes;
}

class Tally {
  bytes = 0;
  readonly #needs = new Map<string, number>();

  constructor(items: readonly Item[]) {
    for (const item of items) {
      this.bytes += item.bytes;
      for (const {digest, bytes} of item.blobs) {
        const needs = this.#needs.get(digest) ?? 0;
        if (needs > 0) this.bytes -= bytes;
        this.#needs.set(digest, needs + 1);
      }
    }
  }

  remove(item: Item): void {
    this.bytes -= item.bytes;
    for (const {digest, bytes} of item.blobs) {
      const needs = (this.#needs.get(digest) ?? 1) - 1;
      if (needs > 0) this.bytes += bytes;
      this.#needs.set(digest, needs);
    }
  }
}

type Limits = Pick<Policy, 'reservedBytes' | 'maxUsedBytes' | 'minFreeBytes'>;

/** Undefined: no limit is asked for, everything may go. */
export function bytesToKeep(policy: Limits, usedBytes: number, freeBytes: number): number | undefined {
  const {reservedBytes, maxUsedBytes, minFreeBytes} = policy;
  if (!reservedBytes && !maxUsedBytes && !minFreeBytes) return undefined;
  const missing = Math.max(0, (minFreeBytes ?? 0) - freeBytes);
  const cap = maxUsedBytes || (minFreeBytes ? Number.POSITIVE_INFINITY : 0);
  const wanted = missing > 0 ? Math.min(cap || Number.POSITIVE_INFINITY, usedBytes - missing) : cap;
  return Math.max(wanted, reservedBytes ?? 0);
}

function obstacleOf(item: Item, policy: Policy, nowMs: number): string | undefined {
  if (item.inUse) return 'a process uses it';
  if (item.pinned !== undefined) return item.pinned;
  if (!policy.filter.matches(item)) return 'the filter leaves it out';
  if (item.garbage) return undefined;
  if (!policy.all && item.shared) return 'an image has it too; --all takes it';
  if (!policy.all && (item.type === 'internal' || item.type === 'image')) return 'internal; --all takes it';
  const keepMs = Math.max(policy.keepMs ?? 0, policy.filter.keepMs ?? 0);
  if (keepMs > 0 && (item.usedMs === undefined || nowMs - item.usedMs < keepMs)) return 'used not long ago';
  return undefined;
}

function childObstacle(
  item: Item,
  children: ReadonlyMap<string, readonly string[]>,
  gone: ReadonlySet<string>,
): string | undefined {
  const left = (children.get(item.id) ?? []).filter((child) => !gone.has(child));
  return left.length === 0
    ? undefined
    : `${left.length} on top of it ${left.length === 1 ? 'stays' : 'stay'}`;
}

function childrenOf(items: readonly Item[]): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  for (const {id, parents} of items) {
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), id]);
  }
  return children;
}

/** Garbage first, then what was used longest ago; what lies on top before what it lies on. */
function byAge(a: Item, b: Item): number {
  if (a.garbage !== b.garbage) return a.garbage ? -1 : 1;
  if (a.garbage) return b.depth - a.depth;
  const [used, than] = [a.usedMs ?? Number.MAX_SAFE_INTEGER, b.usedMs ?? Number.MAX_SAFE_INTEGER];
  return used - than || b.depth - a.depth || (a.id < b.id ? -1 : 1);
}

function reasonOf(item: Item, isCapped: boolean, nowMs: number): string {
  if (item.garbage) return 'nothing leads to it';
  if (item.usedMs === undefined) return 'asked for';
  const hours = Math.floor((nowMs - item.usedMs) / 3_600_000);
  const age = hours < 1 ? 'used less than an hour ago' : `not used for ${hours} h`;
  return isCapped ? `to make room, ${age}` : age;
}
