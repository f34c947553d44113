// One step of the plain log: its number, name, and the lines that wait to be printed.

import type {StepId} from '../../events.ts';
import {WholeLines} from '../../whole-lines.ts';

const newline = 0x0a;

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

  output(stream: 'stdout' | 'stderr', data: Uint8Array, atMs: number): void {
    this.#addOutput(this.#streams[stream].push(data), atMs);
  }

  flushOutput(atMs: number): void {
    this.#addOutput(this.#streams.stdout.flush(), atMs);
    this.#addOutput(this.#streams.stderr.flush(), atMs);
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

  /** The pending lines, ready to be written. */
  take(nowMs: number): Uint8Array[] {
    const prefix = `#${this.number} `;
    const parts = this.#pending.map(({text, output}) =>
      output === undefined ? Buffer.from(`${prefix}${text}\n`) : prefixed(`${prefix}${text} `, output),
    );
    this.#pending = [];
    this.#pendingBytes = 0;
    this.waitSinceMs = undefined;
    this.spokeAtMs = nowMs;
    return parts;
  }

  #addOutput(output: Uint8Array, atMs: number): void {
    if (output.length === 0) return;
    const time = (Math.max(0, atMs - (this.startedMs ?? atMs)) / 1000).toFixed(3);
    this.#pending.push({text: time, output});
    this.#pendingBytes += output.length;
  }
}

/** Each line behind the prefix. As Latin-1, in which every byte is a character, whatever the process wrote. */
function prefixed(prefix: string, lines: Uint8Array): Buffer {
  // One line, which may be long.
  if (lines.indexOf(newline) === lines.length - 1) return Buffer.concat([Buffer.from(prefix), lines]);
  const text = Buffer.from(lines).toString('latin1').slice(0, -1);
  return Buffer.from(`${prefix}${text.replaceAll('\n', `\n${prefix}`)}\n`, 'latin1');
}
