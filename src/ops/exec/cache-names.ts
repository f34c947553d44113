// Which cache a mount of a step means, and the locks that steps take for it.

import type {ExecMount, ExecOp, Op} from '../../graph/op.ts';
import {type Vertex, verticesBelow} from '../../graph/vertex.ts';
import {variantText} from '../../store/cache-mount-variant.ts';
import type {CacheName} from '../../store/cache-mounts.ts';

export type CacheMount = Extract<ExecMount, {type: 'cache'}>;

/** `number`: which of several private ones. */
export function variantOf({mode, uid, gid, input, source}: CacheMount, number = 0): string {
  return variantText({mode, uid, gid, source: input >= 0 ? source : '', number});
}

export function lockNameOf(mount: CacheMount, variant = variantOf(mount)): string {
  return `cache-mount ${JSON.stringify(mount.id)} ${variant}`;
}

/** The caches that steps have which lead to one of `targets`, each once. */
export function cachesBelow(
  targets: readonly Vertex[],
  isMeant: (vertex: Vertex) => boolean = () => true,
): readonly CacheName[] {
  const found = new Map<string, CacheName>();
  for (const vertex of verticesBelow(targets)) {
    if (!isExec(vertex.op) || !isMeant(vertex)) continue;
    for (const mount of vertex.op.mounts) {
      if (mount.type === 'cache') found.set(lockNameOf(mount), {id: mount.id, variant: variantOf(mount)});
    }
  }
  return [...found.values()];
}

function isExec(op: Op): op is ExecOp {
  return op.kind === 'exec';
}
