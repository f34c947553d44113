// One cache record as other machines read it (docs/formats/cache-record.md): a small document of its own, so that any
// number of builds write side by side and none of them loses what another wrote. What is read here came from outside:
// it is taken only if it is of this format, is about the key that was asked for, and its key follows from what it says
// the key was made of.

import {parseDiffId, parseDigest} from '../oci/digest.ts';
import {layerCompressionOf} from '../oci/media-types.ts';
import type {StepUsage} from '../progress/events.ts';
import {withoutControls} from '../progress/terminal-text.ts';
import type {SharedLayer} from '../snapshot/shared-layers.ts';
import {formatVersion, keysOfIngredients} from '../solver/keys.ts';
import type {KeyIngredients} from '../solver/result-cache.ts';
import {canonicalJson} from '../util/canonical-json.ts';

const format = 1;
/** Of the year 9999. */
const lastSecond = 253_402_300_799;
/** A longer name of a step says nothing more. */
const nameLengthMax = 4096;

export interface SharedRecord {
  readonly key: string;
  /** The key that follows from the ingredients; another one than `key` when this record is found by a second key. */
  readonly primary: string;
  readonly ingredients: KeyIngredients;
  readonly resultKey: string;
  /** Of the step, for people. */
  readonly name: string;
  readonly usage: StepUsage | undefined;
  /** Bottom first. None: only the result's key is told, by which others are found that were built on it. */
  readonly layers: readonly SharedLayer[];
}

/** The document that holds the record of a key. */
export function documentName(key: string): string {
  return `r-${key}`;
}

/** The key of both kinds that ingredients give which `key` is, or else the one for content: `key` is a second name. */
export function primaryKeyOf(key: string, {op, inputs}: KeyIngredients): string {
  const keys = keysOfIngredients(op, inputs);
  return key === keys.definition ? keys.definition : keys.content;
}

export function formatRecord(record: SharedRecord): Uint8Array {
  const {key, primary, ingredients, resultKey, name, usage, layers} = record;
  const text = canonicalJson({
    format,
    key,
    primary,
    keyFormat: ingredients.format,
    op: ingredients.op,
    inputs: ingredients.inputs,
    from: ingredients.from,
    resultKey,
    name,
    usage: usage === undefined ? undefined : JSON.stringify(usage),
    layers: layers.map(({diffId, blob, isBase, epochSeconds, createdMs}) => ({
      diffId,
      mediaType: blob.mediaType,
      digest: blob.digest,
      size: blob.size,
      base: isBase,
      epochSeconds,
      createdMs: Math.round(createdMs),
    })),
  });
  return Buffer.from(text);
}

export interface RecordProblem {
  readonly problem: string;
}

/** The record in `bytes`, or why it is none that `key` may be answered with. */
export function parseRecord(key: string, bytes: Uint8Array): SharedRecord | RecordProblem {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes));
  } catch {
    return {problem: 'is no JSON'};
  }
  if (!isObject(json)) return {problem: 'is no object'};
  if (json['format'] !== format) return {problem: `has format ${String(json['format'])}, not ${format}`};
  const {op, inputs, from, resultKey, name, primary, usage} = json;
  if (json['key'] !== key) return {problem: 'is about another key'};
  if (typeof op !== 'string' || !isTexts(inputs)) return {problem: 'does not say what its key was made of'};
  if (json['keyFormat'] !== formatVersion || !isTexts(from)) return {problem: 'has keys of another format'};
  const keys = keysOfIngredients(op, inputs);
  if (primary !== keys.definition && primary !== keys.content) {
    return {problem: 'has a key that does not follow from its ingredients'};
  }
  if (key !== primary && primary !== keys.content) return {problem: 'has a second name that it cannot have'};
  if (typeof resultKey !== 'string' || !/^[0-9a-f]{64}$/.test(resultKey))
    return {problem: 'has no result key'};
  const layers = Array.isArray(json['layers']) ? json['layers'].map(layerOf) : [undefined];
  if (layers.includes(undefined)) return {problem: 'has no valid list of layers'};
  return {
    key,
    primary,
    ingredients: {format: formatVersion, op, inputs, from},
    resultKey,
    name: typeof name === 'string' ? stepNameOf(name) : '',
    usage: typeof usage === 'string' ? usageOf(usage) : undefined,
    layers: layers.filter((layer) => layer !== undefined),
  };
}

/** The name of a step, as it may be shown, of text from outside. */
export function stepNameOf(text: string): string {
  return withoutControls(text.slice(0, nameLengthMax));
}

function layerOf(json: unknown): SharedLayer | undefined {
  if (!isObject(json)) return undefined;
  const {mediaType, size, base, epochSeconds, createdMs} = json;
  const diffId = parseDiffId(String(json['diffId']));
  const digest = parseDigest(String(json['digest']));
  if (diffId === undefined || digest === undefined || typeof mediaType !== 'string') return undefined;
  if (layerCompressionOf(mediaType) === undefined || !isCount(size)) return undefined;
  if (!isTime(epochSeconds, lastSecond) || !isTime(createdMs, lastSecond * 1000)) return undefined;
  return {diffId, blob: {mediaType, digest, size}, isBase: base === true, epochSeconds, createdMs};
}

const usageFields = ['wallMs', 'cpuMs', 'memoryBytes', 'readBytes', 'writtenBytes'] as const;

function usageOf(text: string): StepUsage | undefined {
  try {
    const usage: unknown = JSON.parse(text);
    return isObject(usage) && usageFields.every((name) => Number.isFinite(usage[name]))
      ? (usage as unknown as StepUsage)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What is later than `last` no file system takes, and nobody can print. */
function isTime(value: unknown, last: number): value is number {
  return isCount(value) && value <= last;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
