// Cache keys of a vertex (docs/adr/0002). Laws: a key covers every input that can change the result and nothing that
// cannot; never compressed digests, host paths, the builder's uid or wall time; a format number is in every key.
//   definition key = H(op, result key of each input and what is read there)  cheap, needs no bytes
//   content key    = H(op, result key or content hash of each)               for ops that read inputs by content
// A vertex's primary key is its content key if it has content-keyed inputs, otherwise its definition key.

import {hash, randomBytes} from 'node:crypto';
import type {CacheMap, Solved} from './op-runner.ts';

export const formatVersion = 2;

const digestForm = /^[0-9a-f]{64}$/;

/** An input as far as it is known: its result key, its value. */
export type KnownInput<R> = {readonly key?: string | undefined; readonly value?: R};

export function isContentKeyed<R>(map: CacheMap<R>): boolean {
  return map.inputs.some((input) => input.by === 'content');
}

/** Undefined while the result key of an input is unknown. */
export function definitionKeyOf<R>(map: CacheMap<R>, inputs: readonly KnownInput<R>[]): string | undefined {
  const parts = definitionPartsOf(map, inputs);
  return parts === undefined ? undefined : keyOf('definition', map.opKey, parts);
}

/** What of the inputs is in the definition key; undefined while the result key of one is unknown. */
export function definitionPartsOf<R>(
  map: CacheMap<R>,
  inputs: readonly KnownInput<R>[],
): readonly string[] | undefined {
  const parts: string[] = [];
  for (const [index, input] of inputs.entries()) {
    if (input.key === undefined) return undefined;
    const keying = map.inputs[index];
    parts.push(keying?.by === 'content' ? `${input.key} ${keying.selector}` : input.key);
  }
  return parts;
}

/** Undefined while an input's value (where content counts) or result key (where not) is unknown. */
export async function contentKeyOf<R>(
  map: CacheMap<R>,
  inputs: readonly KnownInput<R>[],
  signal: AbortSignal,
): Promise<{key: string; parts: string[]} | undefined> {
  const parts: string[] = [];
  for (const [index, input] of inputs.entries()) {
    const keying = map.inputs[index];
    if (keying?.by === 'content') {
      if (input.value === undefined) return undefined;
      parts.push(await keying.hash(input.value, signal));
    } else {
      if (input.key === undefined) return undefined;
      parts.push(input.key);
    }
  }
  return {key: keyOf('content', map.opKey, parts), parts};
}

/** The two keys that an op with these inputs can have: what a record from elsewhere is checked by. */
export function keysOfIngredients(
  opKey: string,
  parts: readonly string[],
): {readonly definition: string; readonly content: string} {
  return {definition: keyOf('definition', opKey, parts), content: keyOf('content', opKey, parts)};
}

/** Stands for an op in keys: a record whose readers are not to see the op has this in its place. */
export function opDigestOf(opKey: string): string {
  return digestForm.test(opKey) ? opKey : hash('sha256', opKey, 'hex');
}

/** A result key that nothing was ever built on: for a result whose key already stood for other bits. */
export function freshResultKey(key: string): string {
  return hash('sha256', `${key} ${randomBytes(16).toString('hex')}`, 'hex');
}

export function inputsOf<R>(solved: readonly Solved<R>[]): KnownInput<R>[] {
  return solved.map(({key, value}) => ({key, value}));
}

function keyOf(kind: string, opKey: string, parts: readonly string[]): string {
  let text = `tsbuild cache key ${formatVersion} ${kind}\n`;
  // Lengths frame the parts: ("ab","c") and ("a","bc") are different keys.
  for (const part of [opDigestOf(opKey), ...parts]) text += `${Buffer.byteLength(part)}:${part}`;
  return hash('sha256', text, 'hex');
}
