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
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    assert(Number.isSafeInteger(value), `canonical JSON holds integers only, got ${value}`);
    return String(value);
  }
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort(byteOrder)) {
    const member = value[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
