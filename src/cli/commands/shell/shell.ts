// `tsbuild shell`: a shell in the file system of a step, to see what went wrong or what is there. Ends as the shell
// ends.

import type {ProcessEnd} from '../../../build/attended/attend.ts';
import {parseStepAddress, type StepAddress} from '../../../build/attended/step-address.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import type {FailedStep, StepEnd} from '../../../ops/exec/failed-step.ts';
import {shellWord} from '../../../util/shell-word.ts';
import {buildRequestOf} from '../../build-request.ts';
import {diagnosticPrinter} from '../../failure.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {limitsOf} from '../../limits-of.ts';
import {placesOf} from '../../places.ts';
import {ValueReader} from '../../value-reader.ts';
import {LazyProgress} from '../run/lazy-progress.ts';
import {exitCodeOfEnd} from '../run/run.ts';
import {SignalRelay} from '../run/signal-relay.ts';

export async function runShell(
  flags: FlagValues,
  operands: readonly string[],
  command: readonly string[],
  io: CliIo,
  interrupt: AbortSignal,
): Promise<number> {
  const address = addressOf(flags);
  const progress = new LazyProgress(flags, io);
  const relay = new SignalRelay(io, undefined);
  const reader = new ValueReader(flags);
  const limits = limitsOf(reader);
  reader.throwProblems();
  const options = {
    ...placesOf(flags, io),
    environment: io.env,
    tty: io.stdin.isTTY === true && io.stdout.isTTY === true,
    command,
    limits,
    warn: diagnosticPrinter(io),
    onReady: () => progress.close(),
    onStart: relay.begin.bind(relay),
  };
  try {
    const end = await open(address, flags, operands, {options, progress, io, interrupt});
    return exitCodeOfEnd(end);
  } finally {
    progress.close();
    relay.end();
  }
}

/** Undefined: the failed step. */
function addressOf(flags: FlagValues): StepAddress | undefined {
  const text = flags.last('at');
  const failed = flags.has('failed') || text === 'failed';
  if (failed && (text === undefined || text === 'failed')) return undefined;
  if (text === undefined || failed) {
    throw buildError('usage', 'cli-bad-value', 'shell needs either --at STEP or --failed', {
      hints: ['tsbuild shell --help tells what a STEP is'],
    });
  }
  const address = parseStepAddress(text);
  if ('problem' in address) throw buildError('usage', 'cli-bad-value', address.problem);
  return address;
}

interface ShellStart {
  readonly options: Omit<
    Parameters<typeof import('../../../build/attended/step-shell.ts').shellAfterFailure>[0],
    'onStep'
  >;
  readonly progress: LazyProgress;
  readonly io: CliIo;
  readonly interrupt: AbortSignal;
}

async function open(
  address: StepAddress | undefined,
  flags: FlagValues,
  operands: readonly string[],
  {options, progress, io, interrupt}: ShellStart,
): Promise<ProcessEnd> {
  const onStep = (step: FailedStep): void => {
    progress.close(); // or what it draws next would lie over the heading
    io.stderr.write(heading(step));
  };
  const {shellAfterFailure, shellAt} = await import('../../../build/attended/step-shell.ts');
  if (address !== undefined) {
    const request = await buildRequestOf(flags, operands, io);
    const emit = (event: Parameters<LazyProgress['emit']>[0]): void => progress.emit(event);
    return shellAt(address, request, {...options, onStep, emit, stdout: () => io.stdout}, interrupt);
  }
  const project = operands.length === 0 ? {} : {project: await buildRequestOf(flags, operands, io)};
  return shellAfterFailure({...options, ...project, onStep}, interrupt);
}

/** The step, how it ended, and what to type to see it again. */
function heading({name, end, process}: FailedStep): string {
  const command = process.args.map(shellWord).join(' ');
  return `${name}\n${endText(end)}; to run it again: ${command}\n`;
}

function endText(end: StepEnd): string {
  if ('exit' in end) return `ended with exit code ${end.exit}`;
  return 'signal' in end ? `was killed by signal ${end.signal}` : 'took too long';
}
