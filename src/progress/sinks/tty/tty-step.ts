// One step as the terminal shows it.

import type {BuildEvent, MissReason, StepId} from '../../events.ts';
import {type Amount, amountText, secondsText, usageText} from '../../figures.ts';
import {LogTail} from '../../log-tail.ts';
import {missText} from '../../miss-text.ts';
import {cutToWidth, tameLine, textWidth} from './text-width.ts';
import type {Color, ScreenLine} from './tty-screen.ts';

type Finished = Extract<BuildEvent, {type: 'step-finished'}>;
type Progress = Extract<BuildEvent, {type: 'step-progress'}>;

interface Item extends Amount {
  readonly startMs: number;
  readonly endMs?: number;
}

/** Longest list of downloads, or of notes, shown under a step. */
const itemsMax = 8;
/** In a narrower terminal the name has the room. */
const usageColumnsMin = 100;

export class TtyStep {
  readonly id: StepId;
  tail = new LogTail();
  name: string;
  startedMs: number;
  finished: Finished | undefined;
  readonly #notes: string[] = [];
  #miss: MissReason | undefined;
  readonly #items = new Map<string, Item>();

  constructor(id: StepId, name: string, atMs: number) {
    this.id = id;
    this.name = name;
    this.startedMs = atMs;
  }

  /** A step may start again after it has ended (a base image, fetched once it is needed): its times add up. */
  start(name: string, atMs: number, miss?: MissReason): void {
    this.name = name;
    this.#miss ??= miss;
    if (this.finished !== undefined) this.startedMs += atMs - this.finished.atMs;
    this.finished = undefined;
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  progress(event: Progress): void {
    const {item, current, total, unit, atMs, done} = event;
    const startMs = this.#items.get(item)?.startMs ?? atMs;
    this.#items.set(item, {current, total, unit, startMs, ...(done ? {endMs: atMs} : {})});
  }

  finish(event: Finished): void {
    this.finished = event;
    if (event.outcome === 'error') this.tail.finish(event.atMs - this.startedMs);
    else this.tail = new LogTail();
  }

  get isRunning(): boolean {
    return this.finished === undefined;
  }

  headline(nowMs: number, columns: number): ScreenLine {
    const outcome = this.finished?.outcome;
    const label = outcome === undefined || outcome === 'done' ? '' : `${outcome.toUpperCase()} `;
    const color = colorOf(outcome);
    const endMs = this.finished?.atMs ?? nowMs;
    const took = endMs - this.startedMs;
    const used = columns < usageColumnsMin ? '' : usageText(this.finished?.usage, took).trim();
    const text = withTime(
      ` => ${label}${tameLine(this.name)}${this.#miss === undefined ? '' : tameLine(`  (${missText(this.#miss)})`)}`,
      `${used}  ${secondsText(took)}`.trim(),
      columns,
    );
    return {text, ...(color === undefined ? {} : {color})};
  }

  /** What it says of itself now (`all`: since it began), and its downloads. */
  details(nowMs: number, columns: number, all = false): ScreenLine[] {
    const notes = all ? this.#notes.slice(-itemsMax) : this.isRunning ? this.#notes.slice(-1) : [];
    const color = this.isRunning ? {} : {color: 'blue' as const};
    const lines: ScreenLine[] = notes.map((note) => ({
      text: cutToWidth(` => => ${tameLine(note)}`, columns),
      ...color,
    }));
    const items = [...this.#items];
    const shown = items.filter(
      ([, item]) => this.isRunning || item.endMs === undefined || items.length <= itemsMax,
    );
    for (const [name, item] of shown.slice(-itemsMax)) {
      const endMs = item.endMs ?? this.finished?.atMs ?? nowMs;
      const text = ` => => ${tameLine(name)}${amountText(item)}`;
      lines.push({
        text: withTime(text, secondsText(endMs - item.startMs), columns),
        ...(item.endMs === undefined ? {} : {color: 'blue' as const}),
      });
    }
    return lines;
  }

  /** The last lines of a running step's output. */
  output(count: number, columns: number): ScreenLine[] {
    if (!this.isRunning) return [];
    return this.tail.last(count).map((line) => ({text: cutToWidth(` => => # ${tameLine(line)}`, columns)}));
  }
}

function colorOf(outcome: Finished['outcome'] | undefined): Color | undefined {
  switch (outcome) {
    case undefined:
      return undefined;
    case 'done':
    case 'cached':
      return 'blue';
    case 'error':
      return 'red';
    case 'canceled':
      return 'yellow';
  }
}

/** `text`, cut, with a time at the right edge. */
function withTime(text: string, time: string, columns: number): string {
  const room = columns - time.length - 1;
  const left = cutToWidth(text, room);
  return `${left}${' '.repeat(Math.max(1, columns - textWidth(left) - time.length))}${time}`;
}
