// `tsbuild run`: a process on an image, with the terminal, the pipes and the signals of this one. Ends as the process
// ends; what went wrong before it began has docker's numbers.

import type {ProcessEnd} from '../../../build/attended/attend.ts';
import {BuildError} from '../../../diagnostics/build-error.ts';
import {HelperError} from '../../../helper/helper.ts';
import {diagnosticPrinter} from '../../failure.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {placesOf} from '../../places.ts';
import {ValueReader} from '../../value-reader.ts';
import {withFileHint} from './image-file.ts';
import {LazyProgress} from './lazy-progress.ts';
import {readEnvFiles, runRequestOf, signalNumber, stopSignalOf} from './request.ts';
import {SignalRelay} from './signal-relay.ts';

/** docker's: the engine failed; the program cannot be run; there is no such program. */
const runExitCodes = {engine: 125, notExecutable: 126, notFound: 127} as const;

const noSuchFile = 2;
const killedBase = 128;

export async function runRun(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
  interrupt: AbortSignal,
): Promise<number> {
  const request = runRequestOf(flags, operands, io, await readEnvFiles(flags, io, interrupt));
  const {runImage} = await import('../../../build/attended/run-image.ts');
  const progress = new LazyProgress(flags, io);
  const relay = new SignalRelay(io, stopSignalOf(new ValueReader(flags)));
  try {
    const end = await runImage(
      request,
      {
        ...placesOf(flags, io),
        environment: io.env,
        emit: (event) => progress.emit(event),
        warn: diagnosticPrinter(io),
        onImage: ({config}) => relay.stopBy(signalNumber(config.StopSignal ?? '')),
        onReady: () => progress.close(),
        onStart: (send) => relay.begin(send),
      },
      interrupt,
    );
    return exitCodeOfEnd(end);
  } catch (error) {
    throw withFileHint(error, request.image, io.cwd);
  } finally {
    progress.close();
    relay.end();
  }
}

/** As a shell tells it. */
export function exitCodeOfEnd(end: ProcessEnd): number {
  return 'exit' in end ? end.exit : killedBase + end.signal;
}

/** For a run that did not come to its process. */
export function exitCodeOfFailure(error: unknown): number {
  if (!(error instanceof BuildError) || error.diagnostics[0].code !== 'exec-not-started') {
    return runExitCodes.engine;
  }
  const {cause} = error;
  return cause instanceof HelperError && cause.errno === noSuchFile
    ? runExitCodes.notFound
    : runExitCodes.notExecutable;
}
