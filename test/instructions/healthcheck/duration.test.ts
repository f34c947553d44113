import {expect, it} from 'vitest';
import {parseDuration} from '../../../src/instructions/healthcheck/duration.ts';

it.each([
  ['0', 0],
  ['1s', 1e9],
  ['1h2m3s', 3723e9],
  ['1.5h', 5400e9],
  ['.5s', 5e8],
  ['100µs', 1e5],
  ['-2ms', -2e6],
  ['+1ns', 1],
])('reads %s', (text, nanoseconds) => {
  expect(parseDuration(text)).toBe(nanoseconds);
});

it.each([
  ['', 'time: invalid duration ""'],
  ['s', 'time: invalid duration "s"'],
  ['1', 'time: missing unit in duration "1"'],
  ['1x', 'time: unknown unit "x" in duration "1x"'],
  ['1constructor', 'time: unknown unit "constructor" in duration "1constructor"'],
  ['1s-1s', 'time: unknown unit "s-" in duration "1s-1s"'],
])('refuses %j', (text, error) => {
  expect(parseDuration(text)).toEqual({error});
});
