// --progress=tty: BuildKit's living picture of the build. Draws on a timer, not on events, so that a step that prints
// a million lines costs no more than one that prints ten. The last frame stays; a failed step's log follows it.

import type {Diagnostic} from '../../../diagnostics/diagnostic.ts';
import type {BuildEvent, ProgressSink, StepId} from '../../events.ts';
import {secondsText} from '../../figures.ts';
import {warningsText} from '../../warnings.ts';
import type {SinkHost} from '../sink.ts';
import {tameLine} from './text-width.ts';
import {type ScreenLine, TtyScreen} from './tty-screen.ts';
import {TtyStep} from './tty-step.ts';

const frameMs = 100;
/** Lines of output under a running step, as in BuildKit. */
const defaultOutputLines = 6;

export function createTtySink(host: SinkHost): ProgressSink {
  return new TtySink(host);
}

class TtySink implements ProgressSink {
  readonly #host: SinkHost;
  readonly #screen: TtyScreen;
  readonly #steps = new Map<StepId, TtyStep>();
  readonly #warnings: Diagnostic[] = [];
  readonly #startedMs: number;
  readonly #stop: () => void;

  constructor(host: SinkHost) {
    this.#host = host;
    this.#screen = new TtyScreen(host);
    this.#startedMs = host.clock.nowMs();
    this.#stop = host.every(frameMs, () => this.#draw());
  }

  emit(event: BuildEvent): void {
    switch (event.type) {
      case 'step-started':
        this.#stepOf(event).start(event.name, event.atMs, event.miss);
        return;
      case 'step-finished':
        this.#stepOf(event).finish(event);
        return;
      case 'step-output': {
        const step = this.#stepOf(event);
        step.tail.push(event.stream, event.data, event.atMs - step.startedMs);
        return;
      }
      case 'step-progress':
        this.#stepOf(event).progress(event);
        return;
      case 'step-note':
        this.#stepOf(event).note(event.text);
        return;
      case 'warning':
        this.#warnings.push(event.diagnostic);
        return;
    }
  }

  close(): void {
    this.#stop();
    const {columns} = this.#frameSize();
    this.#screen.draw([this.#title(true), ...this.#all(columns)]);
    this.#screen.close();
    for (const step of this.#steps.values()) {
      if (step.finished?.outcome !== 'error' || step.tail.isEmpty) continue;
      this.#host.write(step.tail.block(step.name, tameLine));
    }
    if (this.#warnings.length > 0) this.#host.write(`\n${warningsText(this.#warnings)}`);
  }

  #stepOf(event: {readonly step: StepId; readonly name?: string; readonly atMs: number}): TtyStep {
    let step = this.#steps.get(event.step);
    if (step === undefined) {
      step = new TtyStep(event.step, event.name ?? event.step, event.atMs);
      this.#steps.set(event.step, step);
    }
    return step;
  }

  #draw(): void {
    if (this.#steps.size === 0) return;
    const {columns, rows} = this.#frameSize();
    this.#screen.draw([this.#title(false), ...this.#fitting(columns, rows - 1)]);
  }

  /** One column and one row are left free: a cursor past the edge would scroll or wrap. */
  #frameSize(): {columns: number; rows: number} {
    const {columns, rows} = this.#host.size();
    return {columns: Math.max(20, columns - 1), rows: Math.max(4, rows - 1)};
  }

  #title(finished: boolean): ScreenLine {
    const steps = [...this.#steps.values()];
    const done = steps.filter((step) => !step.isRunning).length;
    const time = secondsText(this.#host.clock.nowMs() - this.#startedMs);
    const text = `[+] Building ${time} (${done}/${steps.length})`;
    const failed = steps.some((step) => step.finished?.outcome === 'error');
    if (!finished || done < steps.length || failed) return {text};
    return {text: `${text} FINISHED`, color: 'blue'};
  }

  #all(columns: number): ScreenLine[] {
    const nowMs = this.#host.clock.nowMs();
    return [...this.#steps.values()].flatMap((step) => [
      step.headline(nowMs, columns),
      ...step.details(nowMs, columns, true),
    ]);
  }

  /** Steps that fit: running ones first, then the latest finished ones; output gets the room that is left. */
  #fitting(columns: number, rows: number): ScreenLine[] {
    const nowMs = this.#host.clock.nowMs();
    const steps = [...this.#steps.values()];
    const running = steps.filter((step) => step.isRunning).slice(0, rows);
    const chosen = new Set(running);
    let room = rows - running.length;
    for (const step of steps.toReversed()) {
      if (room === 0) break;
      if (step.isRunning) continue;
      chosen.add(step);
      room--;
    }
    const lines: ScreenLine[] = [];
    for (const step of steps) {
      if (!chosen.has(step)) continue;
      lines.push(step.headline(nowMs, columns));
      const details = step.details(nowMs, columns).slice(0, room);
      room -= details.length;
      const output = step.output(Math.min(this.#host.outputLines ?? defaultOutputLines, room), columns);
      room -= output.length;
      lines.push(...details, ...output);
    }
    return lines;
  }
}
