// What a step prints of its secrets is not shown and not kept: each occurrence of a value becomes `***`, wherever the
// output is cut into pieces. Of a value of several lines that is so for each line, too. The bytes at the end of a piece
// that may be the beginning of a value wait for the next one.

import {assert} from '../../util/assert.ts';

/** A shorter value would be found in anything. */
const valueBytesMin = 4;
const lineBytesMin = 8;
/** After this without output fewer bytes than `valueBytesMin` that wait are shown: a prompt must not lack its end. */
const silenceMs = 100;
const mask = Buffer.from('***');
const newline = 0x0a;
const carriageReturn = 0x0d;

/** Finds values at the places where they begin. */
class Values {
  /** By their first four bytes; longest first. */
  readonly #byHead = new Map<number, Buffer[]>();
  /** Which first two bytes there are. */
  readonly #pairs = new Uint8Array(1 << 16);
  /** Beginnings of one to three bytes. */
  readonly #beginnings = new Set<string>();

  constructor(values: readonly Buffer[]) {
    for (const value of values.toSorted((a, b) => b.length - a.length)) {
      const head = value.readUInt32LE(0);
      const others = this.#byHead.get(head);
      if (others === undefined) this.#byHead.set(head, [value]);
      else others.push(value);
      this.#pairs[value.readUInt16LE(0)] = 1;
      for (let length = 1; length < valueBytesMin; length++) {
        this.#beginnings.add(value.toString('latin1', 0, length));
      }
    }
  }

  /**
   * The places `[start, end)` of values, those that touch each other's bytes as one, and where a value may begin that
   * has not come to its end.
   */
  in(bytes: Buffer): {readonly found: readonly [number, number][]; readonly open: number} {
    const found: [number, number][] = [];
    let open = bytes.length;
    for (let at = 0; at < bytes.length; at++) {
      const left = bytes.length - at;
      if (left < valueBytesMin) {
        if (open === bytes.length && this.#beginnings.has(bytes.toString('latin1', at))) open = at;
        continue;
      }
      const pair = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
      if (this.#pairs[pair] === 0) continue;
      for (const value of this.#byHead.get(bytes.readUInt32LE(at)) ?? []) {
        const part = Math.min(left, value.length);
        if (bytes.compare(value, 0, part, at, at + part) !== 0) continue;
        if (part < value.length) {
          open = Math.min(open, at);
          continue;
        }
        const last = found.at(-1);
        if (last === undefined || at >= last[1]) found.push([at, at + part]);
        else last[1] = Math.max(last[1], at + part);
        break;
      }
    }
    return {found, open};
  }
}

export class Redaction {
  readonly #values: Values;

  private constructor(values: readonly Buffer[]) {
    this.#values = new Values(values);
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
  readonly #values: Values;
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

  constructor(values: Values, show: ShowData) {
    this.#values = values;
    this.#show = show;
  }

  push(data: Uint8Array): void {
    this.#waiting.push(data);
    this.#waitingBytes += data.length;
    // A long value that comes byte by byte is not looked through for each of them.
    if (this.#waitingBytes * 4 >= this.#rest.length) this.#look(false);
    this.#awaitSilence();
  }

  /** Shows what waits: nothing more comes. */
  end(): void {
    clearTimeout(this.#timer);
    this.#look(true);
  }

  #awaitSilence(): void {
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
    }, silenceMs);
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
