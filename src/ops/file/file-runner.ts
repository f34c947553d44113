// COPY, ADD, WORKDIR: files change on top of a base, and the change is one layer.

import {keyedFieldsOf, selectorOf} from '../../graph/keying.ts';
import type {CopyAction, FileAction, FileOp} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {type Helper, type View, viewArguments} from '../../helper/helper.ts';
import type {EqualLayers} from '../../snapshot/equal-layers.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {ActiveSnapshot, Snapshotter} from '../../snapshot/snapshotter.ts';
import {stampOf} from '../../snapshot/stamp.ts';
import type {InputKeying, OpRunner, StepContext} from '../../solver/op-runner.ts';
import type {BuildValue} from '../../sources/value.ts';
import type {Selection} from '../../tree/select.ts';
import {assert} from '../../util/assert.ts';
import {type Contents, newestSecondOf} from '../contents.ts';
import {
  changedOnly,
  continuingArguments,
  type EarlierCopies,
  type EarlierCopy,
  isRefusal,
  type LargeCopy,
  largeCopyOf,
} from './earlier-copy.ts';
import {
  copyActionArguments,
  createdSecondsOf,
  makeDirectoryArguments,
  makeFileArguments,
} from './file-arguments.ts';

export interface FileRunnerOptions {
  readonly snapshotter: Snapshotter;
  readonly equalLayers: EqualLayers;
  readonly helper: () => Promise<Helper>;
  readonly contents: Contents;
  readonly earlierCopies: EarlierCopies;
  /** Told of a new layer with a lot in it. */
  readonly onLarge: (step: string, snapshot: SnapshotId) => void;
}

/**
 * A copy is keyed by content, so it runs when its files changed, or when it is written differently. Only then may it
 * give what it gave before, and only of few files is that worth a look.
 */
const small = {entries: 256, bytes: 16 << 20};

type FileVertex = Vertex<FileOp>;

export function fileRunner(options: FileRunnerOptions): OpRunner<FileVertex, BuildValue> {
  return {
    cacheMap: (vertex) => ({
      opKey: keyedFieldsOf(vertex.op),
      inputs: vertex.inputs.map((_, index) => keyingOf(vertex.op, index, options.contents)),
    }),
    async exec(vertex, inputs, context) {
      const step = {op: vertex.op, inputs, context, options};
      const large = await largeCopy(step);
      // Who does without the cache wants every file read again.
      const isFresh = large === undefined || vertex.origin.ignoreCache === true;
      const earlier = isFresh ? undefined : await options.earlierCopies.find(large);
      if (large !== undefined && earlier !== undefined) {
        try {
          return await layerOf(step, large, earlier);
        } catch (error) {
          if (!isRefusal(error)) throw error;
        }
      }
      return layerOf(step, large);
    },
  };
}

/** One run of an op. */
interface FileStep {
  readonly op: FileOp;
  readonly inputs: readonly BuildValue[];
  readonly context: StepContext;
  readonly options: FileRunnerOptions;
}

async function layerOf(step: FileStep, large?: LargeCopy, earlier?: EarlierCopy): Promise<BuildValue> {
  const {op, inputs, context, options} = step;
  const {snapshotter, equalLayers, earlierCopies} = options;
  const active = await snapshotter.prepare(baseOf(op, inputs), context.signal, earlier?.layer);
  try {
    const {epochSeconds, isSmall, isSteady} = await change(step, active, large, earlier);
    if (isSmall)
      return {type: 'snapshot', snapshot: await equalLayers.settle(active, {epochSeconds}, context)};
    const begins = large !== undefined && earlier === undefined && isSteady;
    if (begins) await earlierCopies.prepare(large, active);
    const snapshot = await snapshotter.commit(active, {epochSeconds});
    if (begins) earlierCopies.remember(large, snapshot);
    options.onLarge(context.step, snapshot);
    return {type: 'snapshot', snapshot};
  } catch (error) {
    snapshotter.discard(active);
    throw error;
  }
}

async function largeCopy({op, inputs, context, options}: FileStep): Promise<LargeCopy | undefined> {
  const [action] = op.actions;
  if (action?.type !== 'copy' || op.actions.length > 1) return undefined;
  const value = inputs[action.input];
  if (value?.type !== 'local') return undefined;
  const selection = await options.contents.select(value, action, context.signal);
  return largeCopyOf(action, baseOf(op, inputs), value.context, selection);
}

/** The base counts by what made it, whatever is copied by its content. An input may be both. */
function keyingOf(op: FileOp, index: number, contents: Contents): InputKeying<BuildValue> {
  if (index === op.base) return {by: 'result'};
  const copies = op.actions.filter(
    (action): action is CopyAction => action.type === 'copy' && action.input === index,
  );
  return {
    by: 'content',
    selector: selectorOf(op, index),
    async hash(value, signal) {
      const digests: string[] = [];
      for (const copy of copies) digests.push(await contents.digestOfCopy(value, copy, signal));
      return digests.join(' ');
    },
  };
}

/**
 * Does the actions in the layer being made; gives the layer's epoch (docs/adr/0006), whether it is of few files, and
 * whether those stayed as they were meanwhile.
 */
async function change(
  {op, inputs, context, options}: FileStep,
  active: ActiveSnapshot,
  large: LargeCopy | undefined,
  earlier: EarlierCopy | undefined,
): Promise<{readonly epochSeconds: number; readonly isSmall: boolean; readonly isSteady: boolean}> {
  const {snapshotter, contents} = options;
  const views = new ViewList();
  let newest = snapshotter.epochSecondsOf(active.parent);
  const actions: string[] = [];
  const checks: (() => Promise<boolean>)[] = [];
  let isSmall = true;
  for (const action of op.actions) {
    if (action.type !== 'copy') {
      actions.push(...otherArguments(action));
      continue;
    }
    // No input: an empty file system, from which a pattern or the root can still be copied.
    const value: BuildValue = inputs[action.input] ?? {type: 'snapshot', snapshot: undefined};
    const selection = await contents.select(value, action, context.signal);
    newest = Math.max(newest, newestOf(value, selection, snapshotter));
    isSmall &&= !action.unpack && isFew(selection);
    const fromContext = value.type === 'local';
    if (fromContext) checks.push(() => value.context.isUnchanged(action, selection, context.signal));
    const view: View = fromContext
      ? {dir: value.context.directory}
      : await snapshotter.view(value.snapshot, context.signal);
    const taken = earlier === undefined ? selection : changedOnly(selection, earlier);
    actions.push(...copyActionArguments(action, taken, views.numberOf(action.input, view), fromContext));
  }
  const epochSeconds = createdSecondsOf(op.actions) ?? newest;
  const continuing =
    large && earlier ? continuingArguments(earlier, large, active, snapshotter) : {start: [], removals: []};
  const helper = await options.helper();
  await helper.request(
    'copy',
    [
      ...viewArguments({layers: active.layers}),
      `upper=${active.upper}`,
      `work=${active.work}`,
      `epoch=${stampOf(active, epochSeconds)}`,
      ...continuing.start,
      ...views.arguments(),
      ...continuing.removals,
      ...actions,
    ],
    {signal: context.signal},
  );
  let isSteady = true;
  for (const check of checks) {
    if (await check()) continue;
    isSteady = false;
    context.note('files of the build context changed while they were copied: this step will not be cached');
    context.volatile();
  }
  return {epochSeconds, isSmall, isSteady};
}

function isFew({sources}: Selection): boolean {
  if (sources.reduce((sum, {entries}) => sum + entries.length, 0) > small.entries) return false;
  const bytes = sources.flatMap(({entries}) => entries).reduce((sum, {size}) => sum + size, 0);
  return bytes <= small.bytes;
}

function otherArguments(action: Exclude<FileAction, CopyAction>): string[] {
  return action.type === 'make-file' ? makeFileArguments(action) : makeDirectoryArguments(action);
}

function newestOf(value: BuildValue, selection: Selection, snapshotter: Snapshotter): number {
  return value.type === 'snapshot' ? snapshotter.epochSecondsOf(value.snapshot) : newestSecondOf(selection);
}

function baseOf(op: FileOp, inputs: readonly BuildValue[]): SnapshotId | undefined {
  const value = inputs[op.base];
  if (value === undefined) return undefined;
  assert(value.type === 'snapshot', 'the base of a file op is a snapshot');
  return value.snapshot;
}

/** Source trees by number, each once. */
class ViewList {
  readonly #numbers = new Map<number, number>();
  readonly #arguments: string[] = [];

  numberOf(input: number, view: View): number {
    const known = this.#numbers.get(input);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(input, number);
    this.#arguments.push(`view=${number}`, ...viewArguments(view));
    return number;
  }

  arguments(): readonly string[] {
    return this.#arguments;
  }
}
