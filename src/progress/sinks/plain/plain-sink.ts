// --progress=plain: BuildKit's log form, one block per step, nothing clipped, nothing lost. One step has the floor at
// a time, so that blocks stay readable: lines of the others wait until it ends, falls silent, or they have waited
// long enough.

import type {Diagnostic} from '../../../diagnostics/diagnostic.ts';
import {unreachable} from '../../../util/assert.ts';
import type {BuildEvent, ProgressSink, StepId} from '../../events.ts';
import {amountText, secondsText, usageText} from '../../figures.ts';
import {missText} from '../../miss-text.ts';
import {warningsText} from '../../warnings.ts';
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
  /** What is to be written together. */
  #gathered: Uint8Array[] | undefined;

  constructor(host: SinkHost) {
    this.#host = host;
    this.#stopTicking = host.every(tickMs, () => this.#passFloor(host.clock.nowMs()));
  }

  emitAll(events: readonly BuildEvent[]): void {
    const gathered: Uint8Array[] = [];
    this.#gathered = gathered;
    try {
      for (const event of events) this.emit(event);
    } finally {
      this.#gathered = undefined;
      this.#write(gathered);
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
        step.output(event.stream, event.data, event.atMs);
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
    const parts: Uint8Array[] = [];
    if (this.#floor !== step) {
      if (this.#floor !== undefined) parts.push(Buffer.from(`#${this.#floor.number} ...\n\n`));
      step.number ??= ++this.#numbers;
      parts.push(Buffer.from(`#${step.number} ${step.name}\n`));
    }
    this.#floor = step;
    this.#waiting.delete(step);
    parts.push(...step.take(nowMs));
    if (step.finished) {
      parts.push(Buffer.from('\n'));
      this.#floor = undefined;
    }
    if (this.#gathered === undefined) this.#write(parts);
    else this.#gathered.push(...parts);
  }

  #write(parts: readonly Uint8Array[]): void {
    const [first] = parts;
    if (first !== undefined) this.#host.write(parts.length === 1 ? first : Buffer.concat(parts));
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
      return `ERROR: ${event.error ?? 'failed'}`;
  }
}
