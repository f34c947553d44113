// The policy as a program for seccomp(2): classic BPF, 8 bytes an instruction, as `struct sock_filter` is. Since 5.11
// the kernel runs a filter once for each call number when it is loaded, and remembers what is allowed whatever the
// arguments; it can follow loads of number and architecture, jumps on constants, and returns. No path to a plain
// `allow` may use more, or every call would pay for the filter.

import {assert} from '../util/assert.ts';
import {type Abi, auditArchsOf} from './abi.ts';
import {type Condition, policy} from './policy.ts';
import {type Interval, type Surroundings, type Verdict, verdictsOf} from './verdicts.ts';

interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
}

/** What is to be done: give a verdict back, or load a word and go on, or go on in one of two ways. */
type Decision = Give | Load | Test;
interface Give {
  readonly give: number;
}
interface Load {
  readonly load: number;
  readonly next: Decision;
}
interface Test {
  readonly test: number;
  readonly k: number;
  readonly yes: Decision;
  readonly no: Decision;
}

// <linux/bpf_common.h>
const load = 0x20; // LD | W | ABS
const jump = 0x05; // JMP | JA
const jumpEqual = 0x15;
const jumpGreaterOrEqual = 0x35;
const jumpAnyBit = 0x45; // JSET
const giveBack = 0x06; // RET | K

// struct seccomp_data of <linux/seccomp.h>; both architectures are little-endian.
const numberOffset = 0;
const archOffset = 4;
const argumentOffset = (index: number): number => 16 + 8 * index;

// SECCOMP_RET_*
const kill: Give = {give: 0x80000000};
const outcomes = {allow: {give: 0x7fff0000}, EPERM: {give: 0x00050001}, ENOSYS: {give: 0x00050026}} as const;

const jumpMax = 255;
/** BPF_MAXINSNS */
const instructionsMax = 4096;

export function seccompFilter(surroundings: Surroundings): Uint8Array {
  // No other way into this kernel is known.
  const ways = auditArchsOf(surroundings.architecture).reduceRight<Decision>((no, {audit, abis}) => {
    const intervals = abis.flatMap((abi) =>
      verdictsOf(policy, abi, surroundings).map(({from, what}) => ({from, what: decisionOf(what, abi)})),
    );
    return {test: jumpEqual, k: audit, yes: {load: numberOffset, next: search(intervals)}, no};
  }, kill);
  const program = assemble({load: archOffset, next: ways});
  assert(program.length <= instructionsMax, 'the filter is too long for the kernel');
  return encode(program);
}

/** Finds the interval that the loaded number is in: a balanced tree, so that no call is far. */
function search(intervals: readonly Interval<Decision>[]): Decision {
  const half = intervals.length >> 1;
  const [first] = intervals;
  assert(first !== undefined, 'there is an interval');
  if (half === 0) return first.what;
  const middle = intervals[half];
  assert(middle !== undefined, 'half of more than one is within');
  const [no, yes] = [search(intervals.slice(0, half)), search(intervals.slice(half))];
  return {test: jumpGreaterOrEqual, k: middle.from, yes, no};
}

function decisionOf(verdict: Verdict, abi: Abi): Decision {
  if (typeof verdict === 'string') return outcomes[verdict];
  const low = argumentOffset(verdict.argument);
  const next: Decision = {load: low, next: conditionOf(verdict)};
  // Flags that a call masks out anyway may have company in the upper half.
  if (abi.argumentBits === 32 || 'without' in verdict) return next;
  return {load: low + 4, next: {test: jumpEqual, k: 0, yes: next, no: outcomes.EPERM}};
}

function conditionOf(condition: Condition): Decision {
  const {allow, EPERM} = outcomes;
  if ('without' in condition) return {test: jumpAnyBit, k: condition.without, yes: EPERM, no: allow};
  const intervals = condition.within.flatMap(([first, last]) => [
    {from: first, what: allow},
    ...(last < 0xffffffff ? [{from: last + 1, what: EPERM}] : []),
  ]);
  return search(intervals[0]?.from === 0 ? intervals : [{from: 0, what: EPERM}, ...intervals]);
}

/**
 * Jumps lead forward only, so it is written from its end. Tests share the verdicts that they reach: what the kernel
 * takes to load a filter, for each step anew, grows with its length.
 */
function assemble(decision: Decision): Instruction[] {
  const reversed: Instruction[] = [];
  const places = new Map<Decision, number>();
  const push = (instruction: Instruction): number => reversed.push(instruction) - 1;

  const write = (one: Decision): void => {
    if ('give' in one) {
      places.set(one, push({code: giveBack, k: one.give}));
    } else if ('load' in one) {
      write(one.next);
      places.set(one, push({code: load, k: one.load}));
    } else {
      for (const way of [one.no, one.yes]) if (!('give' in way)) write(way);
      const [ifTrue, ifFalse] = [one.yes, one.no].map(within);
      const distance = (place = 0): number => reversed.length - 1 - place;
      const both = {ifTrue: distance(ifTrue), ifFalse: distance(ifFalse)};
      places.set(one, push({code: one.test, k: one.k, ...both}));
    }
  };
  /** Where it is in reach of a test that comes next but one at the latest. */
  const within = (one: Decision): number => {
    const place = places.get(one);
    if (place !== undefined && reversed.length - place <= jumpMax) return place;
    if (place !== undefined && !('give' in one)) return push({code: jump, k: reversed.length - 1 - place});
    write(one);
    return reversed.length - 1;
  };

  write(decision);
  return reversed.toReversed();
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(({code, k, ifTrue = 0, ifFalse = 0}, index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, k, true);
  });
  return bytes;
}
