// What is known of whole stacks: whoever stands on a hundred layers asks for the topmost one alone, and not for each of
// them again. Kept is only what stays so while this process lives.

import type {Chains} from './chains.ts';
import type {LayerDirectories} from './layer-directories.ts';
import type {LayerId, LayerTable, SnapshotId, SnapshotRow} from './layer-table.ts';

/** Each may have a path for each of its layers. */
const pathsMax = 100;

export interface KnownStacksOptions {
  readonly chains: Chains;
  readonly table: LayerTable;
  readonly directories: LayerDirectories;
}

export class KnownStacks {
  readonly #options: KnownStacksOptions;
  readonly #whole = new Set<SnapshotId>();
  readonly #here = new Set<SnapshotId>();
  readonly #visible = new Map<SnapshotId, readonly string[]>();

  constructor(options: KnownStacksOptions) {
    this.#options = options;
  }

  /** Whether `isLayerWhole` says so of all layers of the snapshot, which somebody holds. */
  async areWhole(id: SnapshotId, isLayerWhole: (layer: LayerId) => Promise<boolean>): Promise<boolean> {
    const chain = this.#options.chains.find(id);
    if (chain === undefined) return false;
    for (const {layer} of above(chain, this.#whole)) if (!(await isLayerWhole(layer))) return false;
    this.#whole.add(id);
    return true;
  }

  /** Something that was promised is not given. */
  forgetWhole(): void {
    this.#whole.clear();
  }

  /** Whether `isHere` says so of the directories of all layers of the snapshot. */
  areHere(id: SnapshotId, isHere: (layer: LayerId) => boolean): boolean {
    const {chains} = this.#options;
    if (!above(chains.of(id), this.#here).every(({layer}) => isHere(layer))) return false;
    this.#here.add(id);
    return true;
  }

  /** Directories of the snapshot, which are here, topmost first: but of layers that change nothing. */
  visibleOf(id: SnapshotId): readonly string[] {
    const known = this.#visible.get(id);
    if (known !== undefined) return known;
    const chain = this.#options.chains.of(id);
    const below = this.#visible.get(chain.at(-1)?.parent ?? '');
    const paths =
      below === undefined ? this.#pathsAbove(chain, []) : this.#pathsAbove(chain.slice(-1), below);
    if (this.#visible.size === pathsMax) this.#visible.clear();
    this.#visible.set(id, paths);
    return paths;
  }

  #pathsAbove(rows: readonly SnapshotRow[], below: readonly string[]): readonly string[] {
    const {table, directories} = this.#options;
    // The lowest one stays: a stack of nothing would be another kind of tree.
    const shown = rows.filter(({layer, parent}) => parent === undefined || !table.isUnchanged(layer));
    if (shown.length === 0) return below;
    return [...shown.toReversed().flatMap(({layer}) => directories.pathsOf(layer)), ...below];
  }
}

/** The rows of a chain above the topmost one that is `known`, topmost first. */
function above(chain: readonly SnapshotRow[], known: ReadonlySet<SnapshotId>): readonly SnapshotRow[] {
  const index = chain.findLastIndex(({id}) => known.has(id));
  return chain.slice(index + 1).toReversed();
}
