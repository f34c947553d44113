import {expect, it} from 'vitest';
import {momentOf} from '../../../src/cli/values/moment.ts';

const nowMs = Date.parse('2026-02-01T12:00:00Z');

it.each([
  ['24h', '2026-01-31T12:00:00.000Z'],
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['2026-01-31T08:30:00Z', '2026-01-31T08:30:00.000Z'],
])('a filter takes %s as a time', (text, expected) => {
  expect(new Date(momentOf(text, nowMs) ?? 0).toISOString()).toBe(expected);
});

it.each(['soon', '2026-01-31garbage', '2026-13-01', ''])('"%s" is no time', (text) => {
  expect(momentOf(text, nowMs)).toBeUndefined();
});
