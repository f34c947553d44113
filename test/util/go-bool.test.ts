import {expect, it} from 'vitest';
import {goBool} from '../../src/util/go-bool.ts';

it.each([
  ['1', true],
  ['t', true],
  ['True', true],
  ['FALSE', false],
  ['f', false],
  ['0', false],
  ['tRUE', undefined],
  ['yes', undefined],
  ['', undefined],
])('%j is %s to Go', (text, truth) => {
  expect(goBool(text)).toBe(truth);
});
