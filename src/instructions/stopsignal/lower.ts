// STOPSIGNAL: a name with or without SIG, or a number.

import type {StopSignalInstruction} from '../../dockerfile/ast.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';
import {PlanProblem} from '../../plan/plan-problem.ts';
import {suggest} from '../../util/suggest.ts';

/** Linux signals by moby's names (moby/sys/signal); RTMIN+1… and RTMAX-1… besides. */
const signalNames: ReadonlySet<string> = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP ' +
    'TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
  ).split(' '),
);
const realTimeBelowMiddle = 15;
const realTimeAboveMiddle = 14;

export const stopSignalLowering: InstructionLowering<StopSignalInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const signal = stage.expand(instruction.signal);
    if (!isSignal(signal)) {
      const near = suggest(
        signal,
        [...signalNames].map((name) => `SIG${name}`),
      );
      const hints = near === undefined ? [] : [`did you mean ${near}?`];
      throw new PlanProblem('plan-stop-signal', `invalid signal: ${signal}`, hints, instruction.signal);
    }
    stage.image.stopSignal = signal;
    stage.commitConfig(`STOPSIGNAL ${signal}`);
  },
};

function isSignal(text: string): boolean {
  if (/^[+-]?\d+$/.test(text)) return Number(text) !== 0;
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (signalNames.has(name)) return true;
  const realTime = /^RT(MIN\+|MAX-)([1-9]\d?)$/.exec(name);
  if (realTime === null) return false;
  return Number(realTime[2]) <= (realTime[1] === 'MIN+' ? realTimeBelowMiddle : realTimeAboveMiddle);
}
