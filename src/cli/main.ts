// The process: the only file that talks to `process` about signals and ends it. The first SIGINT or SIGTERM asks the
// build to stop and waits for it (sandboxes end, mounts go, the store stays consistent); the second leaves at once.

import {exitCodes} from './exit-codes.ts';
import type {CliIo} from './io.ts';
import {runCli} from './run.ts';

async function main(): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (interrupt.signal.aborted) {
      restoreTerminal();
      process.exit(exitCodes.interrupted);
    }
    interrupt.abort(new Error(`interrupted by ${signal}`));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  // A reader that went away (`tsbuild images | head -1`) is no error; writers that care see it in their callbacks.
  process.stdout.on('error', ignoreBrokenPipe);
  process.stderr.on('error', ignoreBrokenPipe);
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);

  const io: CliIo = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
  };
  const code = await runCli(process.argv.slice(2), io, interrupt.signal);
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  // Not by letting the event loop run dry: idle connections to registries would hold it for seconds.
  process.exit(code);
}

function restoreTerminal(): void {
  if (process.stderr.isTTY) process.stderr.write('\x1b[?2026l\x1b[?25h\n');
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function onBug(error: unknown): void {
  restoreTerminal();
  const report = async (): Promise<void> => {
    const {bugReport} = await import('./failure.ts');
    process.stderr.write(bugReport(error));
  };
  report().finally(() => process.exit(exitCodes.bug));
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => stream.write('', () => resolve()));
}

main().catch(onBug);
