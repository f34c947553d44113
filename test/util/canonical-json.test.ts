// One spelling per value, whatever its keys are called.

import {describe, expect, it} from 'vitest';
import {canonicalJson, type Json} from '../../src/util/canonical-json.ts';

describe('canonical JSON', () => {
  it.each<[string, Json, string]>([
    [
      'sorts keys at every depth',
      {b: [{d: 1, c: null}], a: {z: true, y: 'x'}},
      '{"a":{"y":"x","z":true},"b":[{"c":null,"d":1}]}',
    ],
    ['leaves out what is undefined', {b: undefined, a: {c: undefined}}, '{"a":{}}'],
    [
      'sorts numbers as texts',
      {10: 'a', 9: 'b', '1a': 'c', x: {2: 1, 11: 2}},
      '{"10":"a","1a":"c","9":"b","x":{"11":2,"2":1}}',
    ],
    [
      'sorts by bytes, not by code units',
      {'\ufb01': 1, '\u{1f600}': 2, a: 3},
      '{"a":3,"\ufb01":1,"\u{1f600}":2}',
    ],
    ['escapes as JSON.stringify', {'"\n': 'a\u0000\ud800"'}, '{"\\"\\n":"a\\u0000\\ud800\\""}'],
    ['writes plain values', ['text', 0, -0, -5, true, null, []], '["text",0,0,-5,true,null,[]]'],
  ])('%s', (_, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('keeps a key that is called as the prototype', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}') as Json)).toBe(
      '{"__proto__":{"a":2},"b":1}',
    );
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %d', (value) => {
    expect(() => canonicalJson({a: [value]})).toThrow('integers only');
    expect(() => canonicalJson({1: value})).toThrow('integers only');
  });
});
