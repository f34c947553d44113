// Steps that are told to run again (--no-cache) begin with fresh cache mounts, as in BuildKit: whoever does not trust
// what was cached does not trust that either.

import type {Vertex} from '../../graph/vertex.ts';
import type {Helper} from '../../helper/helper.ts';
import type {CacheMounts} from '../../store/cache-mounts.ts';
import {cachesBelow} from './cache-names.ts';

export interface CacheKeeper {
  readonly state: {readonly cacheMounts: CacheMounts};
  helper(): Promise<Helper>;
}

/** Forgets the caches of all such steps that lead to one of `targets`, before the first of them runs. Gives their ids. */
export async function forgetCaches(
  targets: readonly Vertex[],
  keeper: CacheKeeper,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const told = cachesBelow(targets, ({origin}) => origin.ignoreCache === true);
  const ids = new Set(told.map(({id}) => id));
  for (const id of ids) {
    const left = await keeper.state.cacheMounts.forget(id, signal);
    if (left.length === 0) continue;
    const paths = left.map((path) => `path=${path}`);
    await (await keeper.helper()).request('remove', paths, {signal});
  }
  return ids;
}
