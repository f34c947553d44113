// Early cutoff between machines (docs/adr/0021): a record that is found by what a step gave, instead of by what the
// step was. It tells the key that was built on there, and has no layers: whoever asks has them.

import type {EqualLayers} from '../snapshot/equal-layers.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import {formatVersion, keysOfIngredients} from '../solver/keys.ts';
import type {KeyIngredients} from '../solver/result-cache.ts';
import {canonicalJson} from '../util/canonical-json.ts';
import type {StoredRecord} from './record-cache.ts';
import type {SharedRecord} from './shared-record.ts';

/** `base` is the result key of what the layer was put on. Undefined: it cannot be told. */
export async function twinOf(
  snapshot: SnapshotId,
  base: string,
  layers: EqualLayers,
  signal: AbortSignal,
): Promise<{readonly key: string; readonly ingredients: KeyIngredients} | undefined> {
  const digest = await layers.digestOf(snapshot, signal);
  if (digest === undefined) return undefined;
  const ingredients = {
    format: formatVersion,
    op: `layer ${canonicalJson({digest})}`,
    inputs: [base],
    from: [''],
  };
  return {key: keysOfIngredients(ingredients.op, ingredients.inputs).definition, ingredients};
}

/** What others are to find when they make the same layer; undefined: of a step that is not worth it. */
export async function twinRecord(
  {snapshot, ingredients, resultKey, name}: StoredRecord,
  layers: EqualLayers,
  signal: AbortSignal,
): Promise<SharedRecord | undefined> {
  const base = baseOf(ingredients);
  if (base === undefined) return undefined;
  const twin = await twinOf(snapshot, base, layers, signal);
  return twin && {...twin, primary: twin.key, resultKey, name, usage: undefined, layers: []};
}

/** Of a RUN. */
function baseOf({op, inputs}: KeyIngredients): string | undefined {
  const [, fields] = /^exec (\{.*\})$/s.exec(op) ?? [];
  if (fields === undefined) return undefined;
  const {rootInput} = JSON.parse(fields) as {readonly rootInput: number};
  return inputs[rootInput];
}
