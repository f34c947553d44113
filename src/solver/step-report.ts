// What a step tells while it runs: events go out at once, the rest is read when it has ended.

import type {EmitEvent, StepId, StepUsage} from '../progress/events.ts';
import {unchangedText} from '../progress/miss-text.ts';
import type {Clock} from '../util/clock.ts';
import type {StepContext} from './op-runner.ts';
import type {ResultCache} from './result-cache.ts';

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

  /** Early cutoff: the key that consumers built on when an equal result was made before, here or elsewhere on `base`. */
  async keyBefore<R>(value: R, base: string | undefined, cache: ResultCache<R>): Promise<string | undefined> {
    if (this.isUnchanged) return cache.keyOf?.(value);
    if (base === undefined || this.isVolatile) return undefined;
    const twin = await cache.twinKeyOf?.(value, base, this.context.signal);
    if (twin !== undefined) this.context.unchanged();
    return twin;
  }
}
