// A copy of a large directory of the context that was made before on the same base, when the directory was another:
// only what changed since is copied, and the layer is the earlier one and that (docs/adr/0022). The result is what a
// whole copy gives, down to times; where that is not sure, everything is copied.

import {readFile, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {CopyAction} from '../../graph/op.ts';
import {HelperError, viewArguments} from '../../helper/helper.ts';
import {digestOf} from '../../oci/digest.ts';
import type {LayerId, SnapshotId} from '../../snapshot/layer-table.ts';
import type {ActiveSnapshot, Snapshotter} from '../../snapshot/snapshotter.ts';
import {stampOf} from '../../snapshot/stamp.ts';
import type {LocalContext} from '../../sources/local/local-context.ts';
import {Notes} from '../../store/notes.ts';
import type {StateDirectory} from '../../store/state-directory.ts';
import {ScanDecoder, type TreeRecord} from '../../tree/record.ts';
import type {SelectedSource, Selection} from '../../tree/select.ts';
import {type TreeChange, treeChange} from '../../tree/tree-change.ts';
import {canonicalJson, type Json} from '../../util/canonical-json.ts';

/** Fewer are copied in no time. */
const entriesMin = 1000;
/** When more than one in so many is to be copied again, the whole is copied, and later ones are made from that. */
const changedShare = 4;
/** Beside the layer's directory: what the walk said of the files it was copied from. */
const walkName = 'walk';

/** What the copy of one directory is known by. */
export interface LargeCopy {
  readonly action: CopyAction;
  readonly context: LocalContext;
  readonly selection: Selection;
  readonly source: SelectedSource;
  readonly parent: SnapshotId;
  readonly key: string;
}

export interface EarlierCopy {
  readonly layer: LayerId;
  readonly change: TreeChange;
}

export interface EarlierCopiesOptions {
  readonly state: StateDirectory;
  readonly snapshotter: Snapshotter;
}

/**
 * An op's only action as a large copy that may be continued; undefined: it is none. A layer on nothing may be put on
 * anything (COPY --link): what it hides of an earlier copy it would hide there too.
 */
export function largeCopyOf(
  action: CopyAction,
  parent: SnapshotId | undefined,
  context: LocalContext,
  selection: Selection,
): LargeCopy | undefined {
  const [source, ...others] = selection.sources;
  if (source?.kind !== 'directory' || others.length > 0 || source.entries.length < entriesMin)
    return undefined;
  if (parent === undefined || action.unpack || action.parents || mayCopyNames(action)) return undefined;
  const key = `${parent} copied ${digestOf(canonicalJson(action as unknown as Json))}`;
  return {action, context, selection, source, parent, key};
}

/** Whether the copy may bring the passwd file by which its own owner is looked up. */
function mayCopyNames({owner, destination}: CopyAction): boolean {
  return owner !== undefined && !/^\d+(:\d+)?$/.test(owner) && /^\/*(etc(\/|$)|$|.*\.\.)/.test(destination);
}

export class EarlierCopies {
  readonly #options: EarlierCopiesOptions;
  readonly #notes: Notes;

  constructor(options: EarlierCopiesOptions) {
    this.#options = options;
    this.#notes = new Notes(options.state.database);
  }

  /** One that has most of what is to be copied. */
  async find({key, parent, source}: LargeCopy): Promise<EarlierCopy | undefined> {
    const [, layer] = this.#notes.getText('content', key)?.split(' ') ?? [];
    if (layer === undefined) return undefined;
    const before = await this.#walkOf(layer);
    const change = before && treeChange(before, source.entries, source.path);
    if (change === undefined) return undefined;
    const count = change.changed.length + change.gone.length;
    if (count * changedShare > source.entries.length) return undefined;
    // Last, since it is held from now on.
    return (await this.#options.snapshotter.canContinue(parent, layer)) ? {layer, change} : undefined;
  }

  async #walkOf(layer: LayerId): Promise<readonly TreeRecord[] | undefined> {
    try {
      const decoder = new ScanDecoder();
      decoder.push(await readFile(join(dirname(this.#options.state.layerPath(layer)), walkName)));
      return decoder.finish();
    } catch {
      return undefined;
    }
  }

  /** Of a layer that has all of the copy: what later ones need to know is put beside it. */
  async prepare({context, selection}: LargeCopy, active: ActiveSnapshot): Promise<void> {
    await writeFile(join(active.directory, walkName), await context.walkOf(selection));
  }

  /** The layer is made, and the next copy may be made from it. */
  remember({key}: LargeCopy, layer: SnapshotId): void {
    // Not the name alone, which would keep the layer from being garbage.
    this.#notes.set('content', key, `layer ${layer}`);
  }
}

/** What a copy says beside its own action: when the earlier one was, what lies below it, and what goes away. */
export function continuingArguments(
  {layer, change}: EarlierCopy,
  {action, source}: LargeCopy,
  active: ActiveSnapshot,
  snapshotter: Snapshotter,
): {readonly start: readonly string[]; readonly removals: readonly string[]} {
  const prefixLength = source.path === '.' ? 0 : source.path.length + 1;
  const start = [
    `was=${stampOf(active, snapshotter.epochSecondsOf(layer))}`,
    ...['view=0', ...viewArguments({layers: active.layers.slice(1)})],
  ];
  const removals = change.gone.flatMap((path) => [
    'action=remove',
    `path=${join(action.destination, path.slice(prefixLength))}`,
    'view=0',
  ]);
  return {start, removals};
}

/** Of the only source, what is not in the earlier copy as it is. */
export function changedOnly({sources, ...rest}: Selection, {change}: EarlierCopy): Selection {
  return {
    ...rest,
    sources: sources.map((source) => ({...source, entries: change.changed, filtered: true})),
  };
}

/** The helper found that a whole copy could give something else. */
export function isRefusal(error: unknown): boolean {
  return error instanceof HelperError && error.phase === 'continue';
}
