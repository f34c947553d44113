// How a command that threw ends: expected failures as diagnostics, interruption in a word, anything else as a bug
// with all that is needed to report it.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {renderDiagnostics} from '../diagnostics/render.ts';
import {HelperError} from '../helper/helper.ts';
import {explained} from '../ops/failure.ts';
import {type ExitCode, exitCodeOf, exitCodes} from './exit-codes.ts';
import type {CliIo} from './io.ts';
import {columnsOf, wantsColor} from './terminal.ts';
import {version} from './version.ts';

/** Prints why the command failed on standard error and gives the exit code. */
export function reportFailure(error: unknown, io: CliIo, interrupt: AbortSignal): ExitCode {
  // Whatever is thrown after the signal fired is its echo: a step that was killed looks like one that failed.
  if (interrupt.aborted) {
    io.stderr.write('interrupted\n');
    return exitCodes.interrupted;
  }
  // What the helper could not do beside a step is the machine's doing as well.
  const failure = error instanceof HelperError ? explained(error) : error;
  if (failure instanceof BuildError) {
    io.stderr.write(textOfDiagnostics(failure.diagnostics, io));
    return exitCodeOf(failure.kind);
  }
  const diskFull = diskFullMessage(error);
  if (diskFull !== undefined) {
    io.stderr.write(`error: ${diskFull}\n`);
    return exitCodes.environment;
  }
  io.stderr.write(bugReport(error));
  return exitCodes.bug;
}

/** A full disk can strike any write; it is never a bug of ours. */
function diskFullMessage(error: unknown): string | undefined {
  const {code, path} = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  const where = path === undefined ? '' : `: ${path}`;
  return `${code === 'ENOSPC' ? 'no space left on device' : 'disk quota exceeded'}${where}`;
}

export function bugReport(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const cause =
    error instanceof Error && error.cause !== undefined ? `\ncaused by: ${String(error.cause)}` : '';
  return [
    'error: tsbuild has failed in a way it should not; please report this as a bug, with the Dockerfile if you can',
    `tsbuild ${version}, node ${process.version}, ${process.platform} ${process.arch}`,
    `${text}${cause}`,
    '',
  ].join('\n');
}

/** Prints diagnostics on standard error as they come. */
export function diagnosticPrinter(io: CliIo): (diagnostic: Diagnostic) => void {
  return (diagnostic) => io.stderr.write(textOfDiagnostics([diagnostic], io));
}

function textOfDiagnostics(diagnostics: readonly Diagnostic[], io: CliIo): string {
  return renderDiagnostics(diagnostics, {
    color: wantsColor(io.stderr, io.env),
    // A log is wrapped by whoever shows it.
    columns: io.stderr.isTTY === true ? columnsOf(io.stderr) : 0,
  });
}
