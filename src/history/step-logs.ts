// What steps write, on its way to the history: in memory while it is little, then in files of a work directory, which
// is swept like any other when this process dies.

import {closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync, writevSync} from 'node:fs';
import {join} from 'node:path';
import {workPath} from '../store/work-path.ts';
import {copiedBytes} from '../util/copied-bytes.ts';

/** Written together: a system call for each line would be felt. */
const bufferBytesMax = 256 * 1024;
/** A piece that is as large is written as it is, behind what waits. */
const pieceBytesMin = 64 * 1024;
/** What a step writes beyond it is counted, and not kept. */
const logBytesMax = 64 << 20;

interface StepLog {
  pending: Uint8Array[];
  pendingBytes: number;
  bytes: number;
}

export class StepLogs {
  readonly #root: string;
  readonly #logs = new Map<number, StepLog>();
  #directory: string | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** `data` may be used again. */
  add(step: number, data: Uint8Array): void {
    let log = this.#logs.get(step);
    if (log === undefined) {
      log = {pending: [], pendingBytes: 0, bytes: 0};
      this.#logs.set(step, log);
    }
    const kept = data.subarray(0, Math.max(0, logBytesMax - log.bytes));
    log.bytes += data.length;
    if (kept.length === 0) return;
    const isLast = kept.length >= pieceBytesMin || log.pendingBytes + kept.length > bufferBytesMax;
    log.pending.push(isLast ? kept : copiedBytes(kept));
    log.pendingBytes += kept.length;
    if (isLast) this.#write(step, log);
  }

  bytesOf(step: number): number {
    return this.#logs.get(step)?.bytes ?? 0;
  }

  /** Writes what is left, and gives the directory with all of it. */
  finish(): string {
    for (const [step, log] of this.#logs) if (log.pendingBytes > 0) this.#write(step, log);
    return this.#open();
  }

  discard(): void {
    // Mostly it has become a record, and rmSync would load a module of Node's to find nothing.
    if (this.#directory !== undefined && existsSync(this.#directory))
      rmSync(this.#directory, {recursive: true});
    this.#directory = undefined;
  }

  #write(step: number, log: StepLog): void {
    const file = openSync(join(this.#open(), logName(step)), 'a', 0o666);
    try {
      writeAll(file, log.pending);
    } finally {
      closeSync(file);
    }
    log.pending = [];
    log.pendingBytes = 0;
  }

  #open(): string {
    if (this.#directory !== undefined) return this.#directory;
    const directory = workPath(this.#root);
    mkdirSync(directory, {mode: 0o700});
    this.#directory = directory;
    return directory;
  }
}

/** Without a copy of all of it, for which the kernel would have to clear memory. */
function writeAll(file: number, pieces: readonly Uint8Array[]): void {
  let written = writevSync(file, pieces);
  for (const piece of pieces) {
    const rest = piece.subarray(Math.min(written, piece.length));
    written -= piece.length - rest.length;
    for (let done = 0; done < rest.length; ) done += writeSync(file, rest, done);
  }
}

export function logName(step: number): string {
  return `${step}.log`;
}
