// --progress=plain: BuildKit's log form, one block per step, nothing clipped, nothing lost. One step has the floor at
// a time, so that blocks stay readable: lines of the others wait until it ends, falls silent, or they have waited
// long enough.

import type {Diagnostic} from '../../../diagnostics/diagnostic.ts';
import {tame} from '../../../diagnostics/excerpt.ts';
import {unreachable} from '../../../util/assert.ts';
import type {BuildEvent, ProgressSink, StepId} from '../../events.ts';
import {amountText, secondsText, usageText} from '../../figures.ts';
import {missText} from '../../miss-text.ts';
import {warningsText} from '../../warnings.ts';
import {Pages} from '../pages.ts';
import type {SinkHost} from '../sink.ts';
import {PlainStep} from './plain-step.ts';

const tickMs = 200;
/** Longest wait of a line while another step keeps writing. */
const patienceMs = 5_000;
/** A step silent for this long gives up the floor when another has something to say. */
const silenceMs = 1_000;
/** Output of a step, in bytes, that may wait for the floor. */
const waitingBytesMax = 1024 * 1024;
/** Between two lines about the same download. */
const progressIntervalMs = 5_000;

export function createPlainSink(host: SinkHost): ProgressSink {
  return new PlainSink(host);
}

class PlainSink implements ProgressSink {
  readonly #host: SinkHost;
  readonly #steps = new Map<StepId, PlainStep>();
  readonly #waiting = new Set<PlainStep>();
  readonly #warnings: Diagnostic[] = [];
  readonly #stopTicking: () => void;
  #floor: PlainStep | undefined;
  #numbers = 0;
  readonly #pages: Pages;
  /** What is printed is written later, together. */
  #gathers = false;

  constructor(host: SinkHost) {
    this.#host = host;
    this.#pages = new Pages((data, done) => host.write(data, done));
    this.#stopTicking = host.every(tickMs, () => this.#passFloor(host.clock.nowMs()));
  }

  emitAll(events: readonly BuildEvent[]): void {
    this.#gathers = true;
    try {
      for (const event of events) this.emit(event);
    } finally {
      this.#gathers = false;
      this.#pages.flush();
    }
  }

  emit(event: BuildEvent): void {
    if (event.type === 'warning') {
      this.#warnings.push(event.diagnostic);
      return;
    }
    const step = this.#stepOf(event.step);
    switch (event.type) {
      case 'step-started':
        step.start(event.name, event.atMs);
        if (event.miss !== undefined) step.say(missText(event.miss));
        break;
      case 'step-output':
        step.output(event, () => this.#serve(step, event.atMs));
        break;
      case 'step-note':
        if (event.name !== undefined) step.call(event.name);
        step.say(event.text);
        break;
      case 'step-progress':
        if (step.progressIsDue(event, progressIntervalMs)) {
          const since = event.atMs - step.itemStartMs(event.item);
          const time = since > 10 ? ` ${secondsText(since)}` : '';
          step.say(`${event.item}${amountText(event)}${time}${event.done ? ' done' : ''}`);
        }
        break;
      case 'step-finished':
        step.finish(event.name, event.atMs, outcomeText(event, step));
        break;
      default:
        unreachable(event);
    }
    this.#serve(step, event.atMs);
  }

  close(): void {
    this.#stopTicking();
    for (const step of this.#steps.values()) step.flushOutput(this.#host.clock.nowMs());
    // The floor's own step first: printing another one takes the floor away from it.
    const floor = this.#floor === undefined ? [] : [this.#floor];
    for (const step of [...floor, ...this.#steps.values()]) {
      if (step.hasPending) this.#print(step, this.#host.clock.nowMs());
    }
    if (this.#warnings.length > 0) this.#host.write(warningsText(this.#warnings));
  }

  #stepOf(id: StepId): PlainStep {
    let step = this.#steps.get(id);
    if (step === undefined) {
      step = new PlainStep(id);
      this.#steps.set(id, step);
    }
    return step;
  }

  /** Prints what `step` has now, or lets it wait. */
  #serve(step: PlainStep, nowMs: number): void {
    if (step.finished) {
      this.#print(step, nowMs);
      this.#waiting.delete(step);
      const next = this.#floor ?? this.#longestWaiting();
      if (next !== undefined && this.#floor === undefined) this.#print(next, nowMs);
      return;
    }
    if (this.#floor === undefined || this.#floor === step || step.pendingBytes > waitingBytesMax) {
      this.#print(step, nowMs);
      return;
    }
    step.waitSinceMs ??= nowMs;
    this.#waiting.add(step);
    this.#passFloor(nowMs);
  }

  #passFloor(nowMs: number): void {
    const next = this.#longestWaiting();
    if (next?.waitSinceMs === undefined) return;
    const waitedMs = nowMs - next.waitSinceMs;
    const silentMs = nowMs - (this.#floor?.spokeAtMs ?? 0);
    if (waitedMs >= patienceMs || (waitedMs >= silenceMs && silentMs >= silenceMs)) this.#print(next, nowMs);
  }

  #longestWaiting(): PlainStep | undefined {
    let longest: PlainStep | undefined;
    for (const step of this.#waiting) {
      if (longest === undefined || (step.waitSinceMs ?? 0) < (longest.waitSinceMs ?? 0)) longest = step;
    }
    return longest;
  }

  /** Gives `step` the floor and writes its pending lines. */
  #print(step: PlainStep, nowMs: number): void {
    const pages = this.#pages;
    if (this.#floor !== step) {
      if (this.#floor !== undefined) pages.text(`#${this.#floor.number} ...\n\n`);
      step.number ??= ++this.#numbers;
      pages.text(`#${step.number} ${step.name}\n`);
    }
    this.#floor = step;
    this.#waiting.delete(step);
    step.writeTo(pages, nowMs);
    if (step.finished) {
      pages.text('\n');
      this.#floor = undefined;
    }
    if (!this.#gathers) pages.flush();
  }
}

function outcomeText(event: Extract<BuildEvent, {type: 'step-finished'}>, step: PlainStep): string {
  switch (event.outcome) {
    case 'done': {
      const took = event.atMs - (step.startedMs ?? event.atMs);
      return `DONE ${secondsText(took)}${usageText(event.usage, took)}`;
    }
    case 'cached':
      return 'CACHED';
    case 'canceled':
      return 'CANCELED';
    case 'error':
      return `ERROR: ${tame(event.error ?? 'failed')}`;
  }
}
