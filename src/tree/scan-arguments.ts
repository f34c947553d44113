// Arguments of the helper's `scan` verb for walk roots. The directories on the way to a root are asked for, too,
// without descending: their records show symlinks among them, under whose names the walk below would otherwise be
// taken for real.

import {minimalRoots} from './copy-pattern.ts';
import {treeOrder} from './tree-order.ts';

export interface ScanOptions {
  /** Directories that need no look inside. */
  readonly prune?: readonly string[];
  /** Names of directories that need no look inside, wherever they are. */
  readonly pruneNames?: readonly string[];
  readonly digests?: boolean;
}

/** Without the view. The records come in tree order. */
export function scanArgumentsOf(roots: readonly string[], options: ScanOptions = {}): string[] {
  const sorted = minimalRoots(roots).sort(treeOrder);
  const paths: string[] = [];
  const prune = new Set(options.prune);
  const asked = new Set<string>();
  for (const root of sorted) {
    for (let at = root.indexOf('/'); at >= 0; at = root.indexOf('/', at + 1)) {
      const parent = root.slice(0, at);
      if (asked.has(parent)) continue;
      asked.add(parent);
      paths.push(parent);
      prune.add(parent);
    }
    paths.push(root);
  }
  return [
    ...paths.map((path) => `path=${path}`),
    ...[...prune].map((path) => `prune=${path}`),
    ...(options.pruneNames ?? []).map((name) => `prunename=${name}`),
    ...(options.digests === true ? ['digest=1'] : []),
  ];
}
