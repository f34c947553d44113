import {describe, expect, it} from 'vitest';
import {recordFilter} from '../../../../src/cli/commands/history-builds/record-filter.ts';
import {buildRecord} from '../../../history/build-records.ts';

const hourMs = 3_600_000;
const nowMs = 100 * hourMs;
const record = buildRecord({
  id: 'mx1k75wj0001',
  context: '/src/app',
  tags: ['app:1'],
  status: 'error',
  startedMs: nowMs - 2 * hourMs,
  finishedMs: nowMs - hourMs,
});

function accepts(...filters: string[]): boolean {
  return recordFilter(filters, nowMs)(record);
}

describe('a filter of the history', () => {
  it.each([
    ['status=error', true],
    ['status=completed', false],
    ['status!=completed', true],
    ['status!=error', false],
    ['ref=75wj', true],
    ['name=app', true],
    ['tag=app:2', false],
    ['context=/src', true],
    ['context=/sr', false],
    ['repository=src', true],
    ['startedAt>3h', true],
    ['startedAt>1h', false],
    ['startedAt<=1h', true],
    ['completedAt<1h30m', false],
    ['startedAt<2030-01-02T00:00:00Z', true],
    ['duration>=1h', true],
    ['duration<90s', false],
  ])('%s: %s', (filter, expected) => {
    expect(accepts(filter)).toBe(expected);
  });

  it('is one of several, where they have one key; others must all hold', () => {
    expect(accepts('status=completed', 'status=error')).toBe(true);
    expect(accepts('status=error', 'name=other')).toBe(false);
    expect(accepts('duration>1m', 'duration<2m')).toBe(false);
  });

  it.each([
    'status',
    'status<error',
    'startedAt=1h',
    'colour=red',
    'constructor=1',
    'duration>soon',
    'startedAt>soon',
  ])('%s is refused', (filter) => {
    expect(() => recordFilter([filter], nowMs)).toThrow(/^--filter /);
  });
});
