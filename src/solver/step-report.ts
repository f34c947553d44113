// What a step tells while it runs: events go out at once, the rest is read when it has ended.

import type {EmitEvent, StepId, StepUsage} from '../progress/events.ts';
import {unchangedText} from '../progress/miss-text.ts';
import type {Clock} from '../util/clock.ts';
import type {StepContext} from './op-runner.ts';

export class StepReport {
  readonly context: StepContext;
  isVolatile = false;
  isUnchanged = false;
  usage: StepUsage | undefined;

  constructor(step: StepId, signal: AbortSignal, emit: EmitEvent, clock: Clock) {
    const note = (text: string): void => emit({type: 'step-note', step, text, atMs: clock.nowMs()});
    this.context = {
      step,
      signal,
      note,
      output: (stream, data) => emit({type: 'step-output', step, stream, data, atMs: clock.nowMs()}),
      used: (usage) => {
        this.usage = usage;
      },
      volatile: () => {
        this.isVolatile = true;
      },
      unchanged: () => {
        this.isUnchanged = true;
        note(unchangedText);
      },
    };
  }
}
