// COPY, ADD, WORKDIR: files change on top of a base, and the change is one layer.

import {keyedFieldsOf, selectorOf} from '../../graph/keying.ts';
import type {CopyAction, FileAction, FileOp} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {type Helper, type View, viewArguments} from '../../helper/helper.ts';
import type {EqualLayers} from '../../snapshot/equal-layers.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import {type ActiveSnapshot, type Snapshotter, stampOf} from '../../snapshot/snapshotter.ts';
import type {InputKeying, OpRunner, StepContext} from '../../solver/op-runner.ts';
import type {BuildValue} from '../../sources/value.ts';
import {secondNotBefore} from '../../tree/record.ts';
import type {Selection} from '../../tree/select.ts';
import {assert} from '../../util/assert.ts';
import type {Contents} from '../contents.ts';
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
}

/**
 * A copy is keyed by content, so it runs when its files changed, or when it is written differently. Only then may it
 * give what it gave before, and only of few files is that worth a look.
 */
const small = {entries: 256, bytes: 16 << 20};

type FileVertex = Vertex<FileOp>;

export function fileRunner(options: FileRunnerOptions): OpRunner<FileVertex, BuildValue> {
  const {snapshotter, equalLayers} = options;
  return {
    cacheMap: (vertex) => ({
      opKey: keyedFieldsOf(vertex.op),
      inputs: vertex.inputs.map((_, index) => keyingOf(vertex.op, index, options.contents)),
    }),
    async exec(vertex, inputs, context) {
      const base = baseOf(vertex.op, inputs);
      const active = await snapshotter.prepare(base, context.signal);
      try {
        const {epochSeconds, isSmall} = await change(vertex.op, inputs, active, context, options);
        const snapshot = isSmall
          ? await equalLayers.settle(active, {epochSeconds}, context)
          : await snapshotter.commit(active, {epochSeconds});
        return {type: 'snapshot', snapshot};
      } catch (error) {
        snapshotter.discard(active);
        throw error;
      }
    },
  };
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

/** Does the actions in the layer being made; gives the layer's epoch (docs/adr/0006), and whether it is of few files. */
async function change(
  op: FileOp,
  inputs: readonly BuildValue[],
  active: ActiveSnapshot,
  context: StepContext,
  options: FileRunnerOptions,
): Promise<{readonly epochSeconds: number; readonly isSmall: boolean}> {
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
    actions.push(...copyActionArguments(action, selection, views.numberOf(action.input, view), fromContext));
  }
  const epochSeconds = createdSecondsOf(op.actions) ?? newest;
  const helper = await options.helper();
  await helper.request(
    'copy',
    [
      ...viewArguments({layers: active.layers}),
      `upper=${active.upper}`,
      `work=${active.work}`,
      `epoch=${stampOf(active, epochSeconds)}`,
      ...views.arguments(),
      ...actions,
    ],
    {signal: context.signal},
  );
  for (const check of checks) {
    if (await check()) continue;
    context.note('files of the build context changed while they were copied: this step will not be cached');
    context.volatile();
  }
  return {epochSeconds, isSmall};
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
  if (value.type === 'snapshot') return snapshotter.epochSecondsOf(value.snapshot);
  let newest = 0;
  for (const {entries} of selection.sources) {
    for (const entry of entries) newest = Math.max(newest, secondNotBefore(entry));
  }
  return newest;
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
