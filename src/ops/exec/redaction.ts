// What a step prints of its secrets is not shown and not kept: each occurrence of a value becomes `***`, wherever the
// output is cut into pieces. Of a value of several lines that is so for each line, too. The bytes at the end of a piece
// that may be the beginning of a value wait for the next one.

import {assert} from '../../util/assert.ts';
import {copiedBytes} from '../../util/copied-bytes.ts';
import {ValueFinder} from './value-finder.ts';

/** A shorter value would be found in anything. */
const valueBytesMin = 4;
const lineBytesMin = 8;
/**
 * So long after something began to wait it is looked through, whether or not more has come, and if fewer bytes than
 * `valueBytesMin` wait then, they are shown: a prompt must not lack its end.
 */
const patienceMs = 100;
const mask = Buffer.from('***');
const newline = 0x0a;
const carriageReturn = 0x0d;

export class Redaction {
  readonly #values: ValueFinder;

  private constructor(values: readonly Buffer[]) {
    this.#values = new ValueFinder(values);
  }

  /** Undefined: there is nothing to look for. */
  static of(secrets: readonly Uint8Array[]): Redaction | undefined {
    const values = new Map<string, Buffer>();
    for (const secret of secrets) {
      for (const value of valuesOf(secret)) values.set(value.toString('latin1'), value);
    }
    return values.size === 0 ? undefined : new Redaction([...values.values()]);
  }

  /** For one stream of a process. */
  stream(show: ShowData): RedactedStream {
    return new RedactedStream(this.#values, show);
  }
}

type ShowData = (data: Uint8Array) => void;

/** The two streams of a process on their way to `show`; what waits there is shown by `end`. */
export interface ShownStreams {
  readonly onStdout: ShowData;
  readonly onStderr: ShowData;
  end(): void;
}

export function shownStreams(
  redaction: Redaction | undefined,
  show: (stream: 'stdout' | 'stderr', data: Uint8Array) => void,
): ShownStreams {
  const onStdout: ShowData = (data) => show('stdout', data);
  const onStderr: ShowData = (data) => show('stderr', data);
  if (redaction === undefined) return {onStdout, onStderr, end: () => {}};
  const streams = [redaction.stream(onStdout), redaction.stream(onStderr)] as const;
  return {
    onStdout: (data) => streams[0].push(data),
    onStderr: (data) => streams[1].push(data),
    end: () => {
      for (const stream of streams) stream.end();
    },
  };
}

function valuesOf(secret: Uint8Array): Buffer[] {
  const whole = withoutLineEnd(Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength));
  if (whole.length < valueBytesMin) return [];
  const lines: Buffer[] = [];
  for (let start = 0; start < whole.length; ) {
    const end = whole.indexOf(newline, start);
    const line = withoutLineEnd(whole.subarray(start, end < 0 ? whole.length : end));
    if (line.length >= lineBytesMin) lines.push(line);
    start = end < 0 ? whole.length : end + 1;
  }
  return [whole, ...lines];
}

function withoutLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === newline || bytes[end - 1] === carriageReturn)) end--;
  return bytes.subarray(0, end);
}

export class RedactedStream {
  readonly #values: ValueFinder;
  readonly #show: ShowData;
  /** What may be the beginning of a value. */
  #rest = Buffer.alloc(0);
  /** How much of it was shown, or masked. */
  #done = 0;
  /** Whether what was done last was masked. */
  #isMasked = false;
  /** What has come after it. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(values: ValueFinder, show: ShowData) {
    this.#values = values;
    this.#show = show;
  }

  /** `data` may be used again. */
  push(data: Uint8Array): void {
    this.#waitingBytes += data.length;
    // A long value that comes byte by byte is not looked through for each of them.
    const isLooked = this.#waitingBytes * 4 >= this.#rest.length;
    this.#waiting.push(isLooked ? data : copiedBytes(data));
    if (isLooked) this.#look(false);
    this.#lookLater();
  }

  /** Shows what waits: nothing more comes. */
  end(): void {
    clearTimeout(this.#timer);
    this.#look(true);
  }

  #lookLater(): void {
    const hasMore = this.#rest.length > this.#done || this.#waitingBytes > 0;
    if (this.#timer !== undefined || !hasMore) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#waitingBytes > 0) this.#look(false);
      if (this.#rest.length < valueBytesMin && this.#rest.length > this.#done) {
        this.#send([this.#rest.subarray(this.#done)]);
        this.#done = this.#rest.length;
        this.#isMasked = false;
      }
    }, patienceMs);
  }

  #look(isEnd: boolean): void {
    const bytes = Buffer.concat([this.#rest, ...this.#waiting]);
    this.#waiting = [];
    this.#waitingBytes = 0;
    const {found, open} = this.#values.in(bytes);
    const end = isEnd ? bytes.length : open;
    const parts: Uint8Array[] = [];
    let done = this.#done;
    for (const [from, to] of found) {
      if (to <= done) continue;
      if (from >= end) break;
      if (from > done) parts.push(bytes.subarray(done, from));
      // Of one that was masked before it turned out to go on, the rest has no mask of its own.
      if (from >= done || !this.#isMasked) parts.push(mask);
      done = to;
      this.#isMasked = true;
    }
    if (done < end) {
      parts.push(bytes.subarray(done, end));
      done = end;
      this.#isMasked = false;
    }
    this.#send(parts);
    this.#rest = bytes.subarray(end);
    this.#done = done - end;
    assert(this.#done >= 0, 'what was shown is part of what came');
  }

  #send(parts: readonly Uint8Array[]): void {
    const [first] = parts;
    if (first === undefined) return;
    const bytes = parts.length === 1 ? first : Buffer.concat(parts);
    if (bytes.length > 0) this.#show(bytes);
  }
}
