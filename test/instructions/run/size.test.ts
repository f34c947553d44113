import {expect, it} from 'vitest';
import {parseSizeBytes} from '../../../src/instructions/run/size.ts';

it.each([
  ['4096', 4096],
  ['1k', 1024],
  ['64M', 67108864],
  ['1.5 GiB', 1610612736],
  ['2tb', 2199023255552],
  ['7b', 7],
])('reads %s', (text, bytes) => {
  expect(parseSizeBytes(text)).toBe(bytes);
});

it.each(['', 'x', '-1', '1x', '1..5k', 'm'])('refuses %j', (text) => {
  expect(parseSizeBytes(text)).toBeUndefined();
});
