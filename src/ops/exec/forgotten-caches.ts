// Steps that are told to run again (--no-cache) begin with fresh cache mounts, as in BuildKit: whoever does not trust
// what was cached does not trust that either.

import type {ExecOp, Op} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import type {Helper} from '../../helper/helper.ts';
import type {CacheMounts} from '../../store/cache-mounts.ts';

export interface CacheKeeper {
  readonly state: {readonly cacheMounts: CacheMounts};
  helper(): Promise<Helper>;
}

/** Forgets the caches of all such steps that lead to one of `targets`. Before the first of them runs. */
export async function forgetCaches(
  targets: readonly Vertex[],
  keeper: CacheKeeper,
  signal: AbortSignal,
): Promise<void> {
  const ids = new Set<string>();
  for (const vertex of verticesBelow(targets)) {
    if (vertex.origin.ignoreCache !== true || !isExec(vertex.op)) continue;
    for (const mount of vertex.op.mounts) if (mount.type === 'cache') ids.add(mount.id);
  }
  for (const id of ids) {
    const left = await keeper.state.cacheMounts.forget(id, signal);
    if (left !== undefined) await (await keeper.helper()).request('remove', [`path=${left}`], {signal});
  }
}

function isExec(op: Op): op is ExecOp {
  return op.kind === 'exec';
}

function verticesBelow(targets: readonly Vertex[]): ReadonlySet<Vertex> {
  const seen = new Set<Vertex>();
  const pending = [...targets];
  for (let vertex = pending.pop(); vertex !== undefined; vertex = pending.pop()) {
    if (seen.has(vertex)) continue;
    seen.add(vertex);
    pending.push(...vertex.inputs);
  }
  return seen;
}
