// Filters of `history ls`: buildx's (ref, repository, status; startedAt, completedAt, duration) and a few of our own.
// All filters have to hold; of several of one key with `=` one is enough, as docker has it.

import {durationMs as parseDuration} from '../../../config/read-gc.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {type BuildRecord, durationMs} from '../../../history/build-record.ts';
import {momentOf} from '../../values/moment.ts';
import {nameOf} from './build-rows.ts';

type Test = (record: BuildRecord) => boolean;

const texts: Readonly<Record<string, (record: BuildRecord, value: string) => boolean>> = {
  status: ({status}, value) => status === value,
  name: (record, value) => nameOf(record).includes(value),
  ref: ({id}, value) => id.includes(value),
  context: ({context}, value) => isBelow(context, value),
  repository: ({context}, value) => context.includes(value),
  tag: ({tags}, value) => tags.some((tag) => tag.includes(value)),
};

/** What is compared, in milliseconds, and what a value means. */
const times: Readonly<
  Record<string, {of(record: BuildRecord): number; parse(value: string, nowMs: number): number | undefined}>
> = {
  startedAt: {of: ({startedMs}) => startedMs, parse: momentOf},
  completedAt: {of: ({finishedMs}) => finishedMs, parse: momentOf},
  duration: {of: durationMs, parse: parseDuration},
};

const comparisons: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
};

export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory.replace(/\/+$/, '')}/`);
}

/** Throws BuildError('usage') for what is no filter. */
export function recordFilter(filters: readonly string[], nowMs: number): Test {
  const wanted = new Map<string, Test[]>();
  const others: Test[] = [];
  for (const filter of filters) {
    const [, key = '', operator = '', value = ''] = /^(\w+)(!=|<=|>=|=|<|>)(.*)$/s.exec(filter) ?? [];
    const test = testOf(filter, key, operator, value, nowMs);
    if (operator === '=') wanted.set(key, [...(wanted.get(key) ?? []), test]);
    else others.push(test);
  }
  return (record) =>
    others.every((test) => test(record)) &&
    [...wanted.values()].every((tests) => tests.some((test) => test(record)));
}

function testOf(filter: string, key: string, operator: string, value: string, nowMs: number): Test {
  const text = Object.hasOwn(texts, key) ? texts[key] : undefined;
  if (text !== undefined && (operator === '=' || operator === '!=')) {
    return (record) => text(record, value) === (operator === '=');
  }
  const time = Object.hasOwn(times, key) ? times[key] : undefined;
  const compare = comparisons[operator];
  if (time === undefined || compare === undefined) {
    const known = `${Object.keys(texts).join(', ')} with = or !=, or ${Object.keys(times).join(', ')} with < <= > or >=`;
    throw buildError('usage', 'cli-bad-value', `--filter expects ${known}, got "${filter}"`);
  }
  const limit = time.parse(value, nowMs);
  if (limit === undefined) {
    const expected = key === 'duration' ? 'a time such as 90s' : 'a time ago such as 24h, or a date';
    throw buildError('usage', 'cli-bad-value', `--filter ${key} expects ${expected}, got "${value}"`);
  }
  return (record) => compare(time.of(record), limit);
}
