// A policy seen from one way of calling the kernel: for every number what happens, as intervals. Pure.

import {assert} from '../util/assert.ts';
import type {Abi, FilteredArchitecture} from './abi.ts';
import type {Condition, Rule} from './policy.ts';

/** `EPERM`: known and refused; `ENOSYS`: as if the kernel did not have it; a condition: let through if it holds. */
export type Verdict = 'allow' | 'EPERM' | 'ENOSYS' | Condition;

/** From this number on, up to the next interval. */
export interface Interval<T> {
  readonly from: number;
  readonly what: T;
}

export interface Surroundings {
  readonly architecture: FilteredArchitecture;
  readonly capabilities: ReadonlySet<string>;
}

/** Calls that ARM has beside its table, far above it. */
const besideTable = 0xf0000;

/**
 * Numbers above all that the policy names are of calls newer than the policy: programs have to learn that they cannot
 * be had (ENOSYS), and fall back, rather than that they are forbidden. runc does the same with all filters.
 */
export function verdictsOf(
  policy: readonly Rule[],
  abi: Abi,
  surroundings: Surroundings,
): Interval<Verdict>[] {
  const verdicts = new Map<number, Verdict>();
  for (const rule of policy) {
    if (!applies(rule, surroundings)) continue;
    for (const call of rule.calls) {
      const number = abi.numbers.get(call);
      if (number !== undefined)
        verdicts.set(number, alternative(verdicts.get(number), verdictOf(rule), call));
    }
  }
  const numbers = [...verdicts.keys()].sort((a, b) => a - b);
  const newest = numbers.findLast((number) => number - abi.firstNumber < besideTable) ?? abi.firstNumber;
  const intervals: Interval<Verdict>[] = [{from: abi.firstNumber, what: 'EPERM'}];
  const add = (from: number, what: Verdict): void => {
    const last = intervals.at(-1);
    if (last?.from === from) intervals.pop();
    if (intervals.at(-1)?.what !== what) intervals.push({from, what});
  };
  for (const number of numbers) {
    add(number, verdicts.get(number) ?? 'EPERM');
    add(number + 1, number < newest ? 'EPERM' : 'ENOSYS');
  }
  return intervals;
}

function applies({needs, unless, on}: Rule, {architecture, capabilities}: Surroundings): boolean {
  if (needs !== undefined && !capabilities.has(needs)) return false;
  if (unless !== undefined && capabilities.has(unless)) return false;
  return on === undefined || on === architecture;
}

function verdictOf({when, fails}: Rule): Verdict {
  return fails ?? when ?? 'allow';
}

/** Rules about one call are alternatives; what is allowed whatever its arguments needs no condition. */
function alternative(other: Verdict | undefined, verdict: Verdict, call: string): Verdict {
  if (other === undefined || other === verdict) return verdict;
  assert(other === 'allow' || verdict === 'allow', `two conditions on ${call}`);
  assert(other !== 'ENOSYS' && verdict !== 'ENOSYS', `${call} is allowed and fails`);
  return 'allow';
}
