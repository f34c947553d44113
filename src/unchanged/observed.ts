// Takes down what a build looks at, while it looks: what changes between a build's look and the end of the build is no
// condition of what it found. Whoever cannot say in these terms what he goes by refuses, and no note is made.

import {currentBootId} from '../store/boot-id.ts';
import {isRegularFile, ScanDecoder} from '../tree/record.ts';
import {isSettled} from '../tree/settled.ts';
import {type Conditions, databaseMark, type FileMark, isThere, markOf, type Walk} from './conditions.ts';

export interface ObservedWalk extends Omit<Walk, 'bytes'> {
  /** What was said. */
  readonly bytes: readonly Buffer[];
  readonly startMs: number;
}

/** Of all walks; those of 50,000 files say 7 MiB. */
const walkBytesMax = 16 << 20;

export class Observed {
  readonly #startMs: number;
  readonly #read = new Map<string, FileMark>();
  readonly #blobs = new Set<string>();
  readonly #places = new Map<string, boolean>();
  readonly #walks: ObservedWalk[] = [];
  #walkBytes = 0;
  #database: FileMark | undefined;
  #untilMs = Number.MAX_SAFE_INTEGER;
  #isRefused = false;

  /** `startMs`: before anything was looked at. */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** What walks said, one after the other. */
  get said(): readonly Buffer[] {
    return this.#walks.flatMap(({bytes}) => bytes);
  }

  /** Before the database of `root` is opened. */
  opening(root: string): void {
    const found = this.#look(() => databaseMark(root, this.#startMs));
    if (found?.isSettled === true && this.#database === undefined) this.#database = found.mark;
    else this.refuse();
  }

  /** A file of the host has been read, or is not there. */
  file(path: string, isHere: boolean): void {
    if (!isHere) {
      this.place(path, false);
      return;
    }
    const found = this.#look(() => markOf(path, this.#startMs));
    if (found?.isSettled !== true || (this.#read.get(path) ?? found.mark) !== found.mark) this.refuse();
    else this.#read.set(path, found.mark);
  }

  blob(path: string, isHere: boolean): void {
    if (isHere) this.#blobs.add(path);
    else this.place(path, false);
  }

  /** Something of which only counts whether it is there. */
  place(path: string, isHere: boolean): void {
    if ((this.#places.get(path) ?? isHere) !== isHere) this.refuse();
    this.#places.set(path, isHere);
  }

  walk(walk: ObservedWalk): void {
    if (this.#isRefused) return;
    this.#walkBytes += lengthOf(walk.bytes);
    if (this.#walkBytes > walkBytesMax) this.refuse();
    else this.#walks.push(walk);
  }

  /** At this time a build has something to write down. */
  until(ms: number): void {
    this.#untilMs = Math.min(this.#untilMs, ms);
  }

  refuse(): void {
    this.#isRefused = true;
    this.#walks.length = 0;
  }

  /** What is in the way of a look, the build itself tells of. */
  #look<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch {
      return undefined;
    }
  }

  /** After the build has closed its database. Undefined when not all of it is known, or sure to show a change. */
  conditions(root: string, nowMs: number): Conditions | undefined {
    const [database, bootId] = [this.#database, currentBootId()];
    if (this.#isRefused || database === undefined || bootId === undefined) return undefined;
    if (databaseMark(root)?.mark !== database) return undefined;
    const marks = Object.fromEntries(this.#read);
    for (const path of this.#blobs) {
      const found = markOf(path, nowMs);
      if (found === undefined || !found.isSettled || !found.isSealed) return undefined;
      marks[path] = found.mark;
    }
    const places = [...this.#places];
    if (!places.every(([path, isHere]) => isThere(path) === isHere)) return undefined;
    if (!this.#walks.every(isWalkSettled)) return undefined;
    return {
      database,
      marks,
      present: places.filter(([, isHere]) => isHere).map(([path]) => path),
      absent: places.filter(([, isHere]) => !isHere).map(([path]) => path),
      walks: this.#walks.map(({directory, args, bytes}) => ({directory, args, bytes: lengthOf(bytes)})),
      bootId,
      fromMs: nowMs,
      untilMs: this.#untilMs,
    };
  }
}

/** Whether each change of a file since the walk would show in another one. */
function isWalkSettled({bytes, startMs}: ObservedWalk): boolean {
  const decoder = new ScanDecoder();
  for (const piece of bytes) decoder.push(piece);
  return decoder.finish().every((record) => !isRegularFile(record) || isSettled(record, startMs));
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, {length}) => sum + length, 0);
}
