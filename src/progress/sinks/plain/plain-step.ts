// One step of the plain log: its number, name, and the lines that wait to be printed.

import {copiedBytes} from '../../../util/copied-bytes.ts';
import type {BuildEvent, StepId} from '../../events.ts';
import {WholeLines} from '../../whole-lines.ts';
import type {Pages} from '../pages.ts';

interface PendingLine {
  readonly text: string;
  /** Lines of a process: `text` stands before each of them. */
  readonly output?: Uint8Array;
}

export class PlainStep {
  readonly id: StepId;
  /** Given when the step is first printed, so that numbers rise through the log. */
  number: number | undefined;
  startedMs: number | undefined;
  finished = false;
  /** Since when something waits to be printed. */
  waitSinceMs: number | undefined;
  spokeAtMs = 0;
  #name: string | undefined;
  #pending: PendingLine[] = [];
  #pendingBytes = 0;
  readonly #streams = {stdout: new WholeLines(), stderr: new WholeLines()};
  readonly #items = new Map<string, {readonly startMs: number; printedMs: number; done: boolean}>();

  constructor(id: StepId) {
    this.id = id;
  }

  get name(): string {
    return this.#name ?? this.id;
  }

  /** Of output that waits to be printed. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** A step may start again after it has ended: a base image that was looked up is fetched once it is needed. */
  start(name: string, atMs: number): void {
    this.#name = name;
    if (this.finished || this.startedMs === undefined) this.startedMs = atMs;
    this.finished = false;
  }

  /** Before it starts. */
  call(name: string): void {
    this.#name ??= name;
  }

  /** `print` may print what is pending; what it leaves is copied, for `data` is used again. */
  output(event: Extract<BuildEvent, {type: 'step-output'}>, print: () => void): void {
    this.#streams[event.stream].push(event.data, (lines) => {
      this.#addOutput(lines, event.atMs);
      print();
      const [last] = this.#pending.slice(-1);
      if (last?.output === lines) this.#pending.splice(-1, 1, {...last, output: copiedBytes(lines)});
    });
  }

  flushOutput(atMs: number): void {
    for (const stream of Object.values(this.#streams)) {
      stream.flush((lines) => this.#addOutput(copiedBytes(lines), atMs));
    }
  }

  say(text: string): void {
    for (const line of text.split('\n')) this.#pending.push({text: line});
  }

  finish(name: string, atMs: number, outcome: string): void {
    this.#name ??= name;
    this.flushOutput(atMs);
    this.say(outcome);
    this.finished = true;
  }

  itemStartMs(item: string): number {
    return this.#items.get(item)?.startMs ?? 0;
  }

  /** Whether progress of an item deserves a line: its first, its last, and one every now and then. */
  progressIsDue(
    event: {readonly item: string; readonly atMs: number; readonly done: boolean},
    intervalMs: number,
  ): boolean {
    const known = this.#items.get(event.item);
    if (known === undefined) {
      this.#items.set(event.item, {startMs: event.atMs, printedMs: event.atMs, done: event.done});
      return true;
    }
    if (known.done || (!event.done && event.atMs - known.printedMs < intervalMs)) return false;
    known.printedMs = event.atMs;
    known.done = event.done;
    return true;
  }

  /** Puts the pending lines into `pages`. */
  writeTo(pages: Pages, nowMs: number): void {
    const prefix = `#${this.number} `;
    for (const {text, output} of this.#pending) {
      if (output === undefined) pages.text(`${prefix}${text}\n`);
      else pages.lines(`${prefix}${text} `, output);
    }
    this.#pending = [];
    this.#pendingBytes = 0;
    this.waitSinceMs = undefined;
    this.spokeAtMs = nowMs;
  }

  #addOutput(output: Uint8Array, atMs: number): void {
    const time = (Math.max(0, atMs - (this.startedMs ?? atMs)) / 1000).toFixed(3);
    this.#pending.push({text: time, output});
    this.#pendingBytes += output.length;
  }
}
