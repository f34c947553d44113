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
const killProcess = 0x80000000;
const outcomes = {allow: 0x7fff0000, EPERM: 0x00050001, ENOSYS: 0x00050026} as const;

const jumpMax = 255;
/** BPF_MAXINSNS */
const instructionsMax = 4096;

export function seccompFilter(surroundings: Surroundings): Uint8Array {
  const program = [
    {code: load, k: archOffset},
    ...auditArchsOf(surroundings.architecture).flatMap(({audit, abis}) => {
      const intervals = abis.flatMap((abi) =>
        verdictsOf(policy, abi, surroundings).map(({from, what}) => ({from, what: verdictBlock(what, abi)})),
      );
      return when(jumpEqual, audit, [{code: load, k: numberOffset}, ...search(intervals)]);
    }),
    // No other way into this kernel is known.
    {code: giveBack, k: killProcess},
  ];
  assert(program.length <= instructionsMax, 'the filter is too long for the kernel');
  return encode(program);
}

/** Finds the interval that the loaded number is in: a balanced tree, so that no call is far. */
function search(intervals: readonly Interval<readonly Instruction[]>[]): readonly Instruction[] {
  const half = intervals.length >> 1;
  const [first] = intervals;
  assert(first !== undefined, 'there is an interval');
  if (half === 0) return first.what;
  const middle = intervals[half];
  assert(middle !== undefined, 'half of more than one is within');
  return [
    ...when(jumpGreaterOrEqual, middle.from, search(intervals.slice(half))),
    ...search(intervals.slice(0, half)),
  ];
}

/** `then` if the test holds, and what comes after it otherwise. */
function when(code: number, k: number, then: readonly Instruction[]): Instruction[] {
  if (then.length <= jumpMax) return [{code, k, ifFalse: then.length}, ...then];
  return [{code, k, ifTrue: 1}, {code: jump, k: then.length}, ...then];
}

function verdictBlock(verdict: Verdict, abi: Abi): readonly Instruction[] {
  if (typeof verdict === 'string') return [giving(verdict)];
  const low = argumentOffset(verdict.argument);
  const test = [{code: load, k: low}, ...conditionBlock(verdict)];
  // Flags that a call masks out anyway may have company in the upper half.
  if (abi.argumentBits === 32 || 'without' in verdict) return test;
  return [{code: load, k: low + 4}, ...when(jumpEqual, 0, test), giving('EPERM')];
}

function conditionBlock(condition: Condition): readonly Instruction[] {
  if ('without' in condition)
    return [{code: jumpAnyBit, k: condition.without, ifFalse: 1}, giving('EPERM'), giving('allow')];
  const refused = [giving('EPERM')];
  const allowed = [giving('allow')];
  const intervals = condition.within.flatMap(([first, last]) => [
    {from: first, what: allowed},
    ...(last < 0xffffffff ? [{from: last + 1, what: refused}] : []),
  ]);
  return search(intervals[0]?.from === 0 ? intervals : [{from: 0, what: refused}, ...intervals]);
}

function giving(verdict: keyof typeof outcomes): Instruction {
  return {code: giveBack, k: outcomes[verdict]};
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
