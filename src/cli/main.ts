// The process: the only file that talks to `process` about signals and ends it. The first SIGINT or SIGTERM asks the
// build to stop and waits for it (sandboxes end, mounts go, the store stays consistent); the second leaves at once.

import {setTimeout} from 'node:timers/promises';
import {noticeCompanion} from '../helper/companion.ts';
import {exitCodes} from './exit-codes.ts';
import type {CliIo} from './io.ts';
import {runCli} from './run.ts';

/** Signals that mean nothing to a build, and may mean something to a process that is run. */
const onlyTaken: readonly NodeJS.Signals[] = ['SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/** For the end of an interrupted command's progress to be read. */
const lastWordsMs = 500;

async function main(): Promise<void> {
  noticeCompanion(process.env);
  const interrupt = new AbortController();
  let taker: ((signal: NodeJS.Signals) => void) | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (taker !== undefined) {
      taker(signal);
      return;
    }
    if (interrupt.signal.aborted) {
      restoreTerminal();
      process.exit(exitCodes.interrupted);
    }
    interrupt.abort(new Error(`interrupted by ${signal}`));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);

  const io = processIo({
    onSignal: (take) => {
      taker = take;
      for (const name of onlyTaken) process.on(name, onSignal);
      return () => {
        for (const name of onlyTaken) process.off(name, onSignal);
        taker = undefined;
      };
    },
    interrupt: () => onSignal('SIGINT'),
  });
  let code = await runCli(process.argv.slice(2), io, interrupt.signal);
  const written = Promise.all(io.used.map(drained)).then(() => true);
  // Who is interrupted does not wait for a reader that has stopped reading.
  const given = aborted(interrupt.signal).then(() => setTimeout(lastWordsMs, false));
  if (!(await Promise.race([written, given])) && code === exitCodes.ok) code = exitCodes.interrupted;
  // The news of a failed write comes in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  if (code === exitCodes.ok && io.lost !== undefined) {
    process.stderr.write(`error: standard output cannot be written: ${io.lost.message}\n`);
    code = exitCodes.environment;
  }
  // Not by letting the event loop run dry: idle connections to registries would hold it for seconds.
  process.exit(code);
}

/** The process's streams, each opened when it is first asked for: opening costs Node milliseconds. */
function processIo(signals: Pick<CliIo, 'onSignal' | 'interrupt'>): CliIo & {
  readonly used: readonly NodeJS.WriteStream[];
  readonly lost: Error | undefined;
} {
  const used: NodeJS.WriteStream[] = [];
  let lost: Error | undefined;
  const opened = (stream: NodeJS.WriteStream): NodeJS.WriteStream => {
    if (used.includes(stream)) return stream;
    used.push(stream);
    // Writers that care see it in their callbacks. A reader that went away (`tsbuild images | head -1`) is no error.
    return stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && stream === process.stdout) lost ??= error;
    });
  };
  return {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return opened(process.stdout);
    },
    get stderr() {
      return opened(process.stderr);
    },
    env: process.env,
    cwd: process.cwd(),
    ...signals,
    used,
    get lost() {
      return lost;
    },
  };
}

function restoreTerminal(): void {
  if (process.stderr.isTTY) process.stderr.write('\x1b[?2026l\x1b[?25h\n');
}

function onBug(error: unknown): void {
  restoreTerminal();
  const report = async (): Promise<void> => {
    const {bugReport} = await import('./failure.ts');
    process.stderr.write(bugReport(error));
  };
  report().finally(() => process.exit(exitCodes.bug));
}

function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}));
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => stream.write('', () => resolve()));
}

main().catch(onBug);
