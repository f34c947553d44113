// What is told of steps from outside of them: that they began, how they ended, and the first failure of all.

import type {EmitEvent, StepUsage} from '../progress/events.ts';
import type {Clock} from '../util/clock.ts';
import {errorText} from '../util/error-text.ts';
import type {Missed} from './look-up.ts';
import type {SolverVertex} from './op-runner.ts';
import type {Runner} from './recorder.ts';

type Told = Pick<SolverVertex, 'id' | 'origin'>;

export interface StepEventsOptions {
  readonly emit: EmitEvent;
  readonly clock: Clock;
  /** Failures that the caller makes good by solving again: the step is shown as interrupted. */
  readonly isInterruption?: (error: unknown) => boolean;
}

export class StepEvents {
  readonly #options: StepEventsOptions;
  readonly #signal: AbortSignal;
  /** Steps that began, or that were found: a step is found once. */
  readonly #reported = new Set<string>();
  firstFailure: unknown;

  constructor(options: StepEventsOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  started({id, origin}: Told, why: Missed): void {
    this.#reported.add(id);
    const {emit, clock} = this.#options;
    emit({type: 'step-started', step: id, name: origin.name, atMs: clock.nowMs(), ...why});
  }

  /** False: it was told of before. */
  found(step: Told, key: string, usage: StepUsage | undefined): boolean {
    if (this.#reported.has(step.id)) return false;
    this.#reported.add(step.id);
    this.#options.emit({...this.#finished(step), outcome: 'cached', key, ...(usage && {usage})});
    return true;
  }

  done(step: Told, isUnchanged: boolean, usage: StepUsage | undefined): void {
    const more = {...(isUnchanged && {unchanged: true as const}), ...(usage && {usage})};
    this.#options.emit({...this.#finished(step), outcome: 'done', ...more});
  }

  /** How a step that failed or was cancelled has ended. */
  ended(step: Told, error: unknown, usage?: StepUsage): void {
    const {emit, isInterruption} = this.#options;
    if (!this.#signal.aborted) this.firstFailure ??= error;
    if (this.#signal.aborted || isInterruption?.(error) === true) {
      emit({...this.#finished(step), outcome: 'canceled'});
      return;
    }
    emit({...this.#finished(step), outcome: 'error', error: errorText(error), ...(usage && {usage})});
  }

  waiting(step: Told, whom: Runner): void {
    const who = whom === 'own' ? 'an equal step of this build' : 'another tsbuild that runs this step';
    this.note(step, `waiting for ${who}`);
  }

  note({id, origin}: Told, text: string): void {
    const atMs = this.#options.clock.nowMs();
    this.#options.emit({type: 'step-note', step: id, name: origin.name, text, atMs});
  }

  #finished({id, origin}: Told) {
    const atMs = this.#options.clock.nowMs();
    return {type: 'step-finished', step: id, name: origin.name, atMs} as const;
  }
}
