// Which progress sink a build gets, and the sink's view of standard error. Progress goes to standard error always:
// standard output belongs to results.

import type {Writable} from 'node:stream';
import {buildError} from '../diagnostics/build-error.ts';
import type {OutputRoom} from '../helper/helper-process.ts';
import type {ProgressSink} from '../progress/events.ts';
import {type SinkName, sinkLoaders} from '../progress/sinks/index.ts';
import type {SinkHost} from '../progress/sinks/sink.ts';
import {systemClock} from '../util/clock.ts';
import type {FlagValues} from './flag-values.ts';
import type {CliIo, CliOutput} from './io.ts';
import {columnsOf, rawOutput, wantsColor} from './terminal.ts';

const defaultRows = 24;

/**
 * The sink that --quiet, --progress, BUILDKIT_PROGRESS and the terminal ask for, in this order. Throws
 * BuildError('usage') for one that there is not.
 */
export function sinkNameOf(flags: FlagValues, io: CliIo): SinkName {
  const given = flags.last('progress');
  const mode = given || io.env['BUILDKIT_PROGRESS'] || 'auto';
  if (flags.has('quiet')) {
    if (given === undefined || ['auto', 'quiet', 'none', ''].includes(given)) return 'quiet';
    throw badValue(`--progress ${given} and --quiet exclude each other`);
  }
  switch (mode) {
    case 'auto':
      return io.stderr.isTTY === true && io.env['TERM'] !== 'dumb' ? 'tty' : 'plain';
    case 'none':
      return 'quiet';
    case 'tty':
    case 'plain':
    case 'rawjson':
    case 'quiet':
      return mode;
    default: {
      const source = given ? '--progress' : 'BUILDKIT_PROGRESS';
      throw badValue(`${source} expects auto, tty, plain, rawjson or quiet, got "${mode}"`);
    }
  }
}

function badValue(message: string): Error {
  return buildError('usage', 'cli-bad-value', message);
}

/** Where progress goes. */
export interface ProgressOutput extends Pick<CliOutput, 'isTTY' | 'columns' | 'rows'> {
  /** Of a stream that writes to a descriptor; it has written when it calls back. */
  readonly fd?: number;
  write(data: string | Uint8Array, done?: () => void): unknown;
}

interface ProgressIo extends Pick<CliIo, 'env'> {
  readonly stderr: ProgressOutput;
}

export async function openSink(name: SinkName, io: ProgressIo): Promise<ProgressSink> {
  const outputLines = io.env['BUILDKIT_TTY_LOG_LINES'] ?? '';
  const host: SinkHost = {
    write: await writerFor(name, io),
    clock: systemClock,
    color: wantsColor(io.stderr, io.env),
    ...(/^\d{1,4}$/.test(outputLines) ? {outputLines: Number(outputLines)} : {}),
    size: () => ({columns: columnsOf(io.stderr), rows: io.stderr.rows || defaultRows}),
    every(milliseconds, callback) {
      const timer = setInterval(callback, milliseconds).unref();
      return () => clearInterval(timer);
    },
  };
  return (await sinkLoaders[name]())(host);
}

/** This much of progress may wait for whoever reads it, in bytes. */
const waitingMax = 1024 * 1024;

/** The room for what steps write in front of whoever reads progress. */
export class ReaderRoom implements OutputRoom {
  readonly #stream: Partial<Writable>;
  readonly #passOn: () => void;
  #isReleased = false;

  /** `passOn` gives further what was read until then, at a release and before the next hold. */
  constructor(output: object, passOn: () => void = () => {}) {
    this.#stream = rawOutput(output) as Partial<Writable>;
    this.#passOn = passOn;
  }

  wait(): Promise<void> | undefined {
    if (!this.#isFull) return undefined;
    return new Promise<void>((resolve) => {
      const done = (): void => {
        for (const name of endings) this.#stream.off?.(name, done);
        resolve();
      };
      for (const name of endings) this.#stream.once?.(name, done);
    });
  }

  release(): void {
    if (!this.#isReleased) this.#passOn();
    this.#isReleased = true;
  }

  hold(): void {
    if (this.#isReleased) this.#passOn();
    this.#isReleased = false;
  }

  /** What steps write is to be left out now: nothing holds them back any more, and it is not read. */
  get isStuck(): boolean {
    return this.#isReleased && this.#isFull;
  }

  get #isFull(): boolean {
    const {writableLength = 0, destroyed} = this.#stream;
    return writableLength > waitingMax && destroyed !== true;
  }
}

const endings = ['drain', 'close', 'error'];

/** What goes to a terminal is made safe for it; a file gets all of it. tty makes its own lines. */
async function writerFor(name: SinkName, io: ProgressIo): Promise<SinkHost['write']> {
  const output: ProgressOutput = rawOutput(io.stderr);
  if (output.isTTY !== true || name === 'tty') {
    if (output.fd !== undefined) return (data, done) => output.write(data, done);
    // Any other stream may hand on what it was given.
    return (data, done) => {
      output.write(typeof data === 'string' ? data : Buffer.from(data));
      done?.();
    };
  }
  const {terminalText} = await import('../progress/terminal-text.ts');
  const {WholeLines} = await import('../progress/whole-lines.ts');
  const color = wantsColor(output, io.env);
  const lines = new WholeLines(Number.POSITIVE_INFINITY);
  return (data, done) => {
    lines.push(Buffer.from(data), (whole) =>
      output.write(terminalText(Buffer.from(whole).toString(), {color})),
    );
    done?.();
  };
}
