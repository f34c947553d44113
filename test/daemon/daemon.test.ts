import {expect, test} from 'vitest';
import {commonLayers} from '../../src/daemon/daemon.ts';
import {problemIn} from '../../src/daemon/docker-daemon.ts';
import type {DiffId} from '../../src/oci/digest.ts';

const stack = (...names: string[]): readonly DiffId[] => names.map((name) => `sha256:${name}` as DiffId);

test('layers are there as far up as one image has the same ones in the same order', () => {
  const wanted = stack('base', 'tools', 'app');
  expect(commonLayers(wanted, [])).toBe(0);
  expect(commonLayers(wanted, [stack('base'), stack('base', 'tools', 'other'), stack('app')])).toBe(2);
  expect(commonLayers(wanted, [stack('tools', 'base', 'app'), stack('other', 'tools')])).toBe(0);
  expect(commonLayers(wanted, [stack('base', 'tools', 'app', 'more')])).toBe(3);
});

test('of all lines of progress the one with an error is the answer', () => {
  expect(problemIn('{"stream":"Loaded image: a:1\\n"}\n')).toBeUndefined();
  expect(problemIn('{"status":"x"}\r\n{"errorDetail":{"message":"no"},"error":"no"}\r\n')).toBe('no');
  expect(problemIn('not json\n')).toBeUndefined();
});
