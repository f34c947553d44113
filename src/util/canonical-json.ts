// JSON with one spelling per value: keys sorted by bytes, no spaces, `undefined` members left out. Used wherever
// JSON is hashed. Floats and non-finite numbers are refused: their spelling is not worth trusting in a key.

import {assert} from './assert.ts';
import {byteOrder} from './byte-order.ts';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | {readonly [key: string]: Json | undefined};

/** Canonical JSON text of `value`. Throws AssertionError on a non-integer number. */
export function canonicalJson(value: Json): string {
  const seen = {isOdd: false};
  const copy = ordered(value, seen);
  return seen.isOdd ? spelled(value) : JSON.stringify(copy);
}

/**
 * Keys that an object does not keep where they are put (numbers come first, and one is its prototype), and those whose
 * order by UTF-16 code units need not be that of their bytes. Keys are separated by commas.
 */
const oddKeys = /(?:^|,)\d+(?:,|$)|__proto__|[\ud800-\uffff]/;

/** The same with its keys in order: written in one go, that is five times as fast as value by value. */
function ordered(value: Json, seen: {isOdd: boolean}): Json {
  if (typeof value === 'number') assertInteger(value);
  if (value === null || typeof value !== 'object') return value;
  if (isArray(value)) return value.map((each) => ordered(each, seen));
  const keys = Object.keys(value).sort();
  if (oddKeys.test(keys.join())) seen.isOdd = true;
  const copy: Record<string, Json> = {};
  for (const key of keys) {
    const member = value[key];
    if (member !== undefined) copy[key] = ordered(member, seen);
  }
  return copy;
}

/** For any keys. */
function spelled(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(spelled).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort(byteOrder)) {
    const member = value[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${spelled(member)}`);
  }
  return `{${members.join(',')}}`;
}

function assertInteger(value: number): void {
  assert(Number.isSafeInteger(value), `canonical JSON holds integers only, got ${value}`);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
