import {expect, it} from 'vitest';
import {parseStepAddress} from '../../../src/build/attended/step-address.ts';

it.each([
  ['build', {by: 'stage', stage: 'build'}],
  ['stage-2', {by: 'stage', stage: 'stage-2'}],
  ['build:3', {by: 'number', stage: 'build', number: 3}],
  [':12', {by: 'number', stage: '', number: 12}],
  ['12', {by: 'line', line: 12}],
])('%s', (text, address) => {
  expect(parseStepAddress(text)).toEqual(address);
});

it.each(['', ':', 'build:', 'build:0', 'build:x', 'a:1:2'])('%j is no step', (text) => {
  expect(parseStepAddress(text)).toEqual({problem: expect.stringContaining('expects STAGE')});
});
