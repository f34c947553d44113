// One command from arguments to exit code. Everything it touches comes in as arguments, so tests run it in memory.
// What a command does not need is not loaded: --version and --help answer before the parser of flags is read.

import type {BuildRequest, BuildResult, EngineOptions} from '../build/request.ts';
import {buildError} from '../diagnostics/build-error.ts';
import {type ExitCode, exitCodes} from './exit-codes.ts';
import type {CliIo} from './io.ts';
import {columnsOf} from './terminal.ts';
import {version} from './version.ts';

/** The engine's entry, replaceable for tests. */
export type BuildFunction = (
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
) => Promise<BuildResult>;

/** Runs the command line `argv` (without node and script). Never throws. */
export async function runCli(
  argv: readonly string[],
  io: CliIo,
  interrupt: AbortSignal,
  engine?: BuildFunction,
): Promise<number> {
  try {
    const [only] = argv;
    if (argv.length === 1 && (only === '--version' || only === '-V' || only === 'version')) {
      return printVersion(io);
    }
    if (argv.length === 1 && (only === '--help' || only === '-h' || only === 'help')) {
      return await printHelp('build', io);
    }
    return await runCommand(argv, io, interrupt, engine);
  } catch (error) {
    const {reportFailure} = await import('./failure.ts');
    const code = reportFailure(error, io, interrupt);
    if (interrupt.aborted) return code;
    const {commandOf} = await import('./program.ts');
    return commandOf(argv) === 'run' ? await runFailureCode(error) : code;
  }
}

/** Scripts tell docker's numbers from those of the process. */
async function runFailureCode(error: unknown): Promise<number> {
  const {exitCodeOfFailure} = await import('./commands/run/run.ts');
  return exitCodeOfFailure(error);
}

async function runCommand(
  argv: readonly string[],
  io: CliIo,
  interrupt: AbortSignal,
  engine: BuildFunction | undefined,
): Promise<number> {
  const {parseCommandLine} = await import('./program.ts');
  const {command, flags, operands, afterDashes} = parseCommandLine(argv);
  if (flags.has('help')) return printHelp(command, io);
  if (flags.has('version')) return printVersion(io);
  switch (command) {
    case 'version':
      return printVersion(io);
    case 'help':
      return printHelp(operands[0] ?? 'build', io);
    case 'build': {
      if (flags.has('check') || flags.last('call') !== undefined) {
        const {callOf} = await import('./values/call.ts');
        const call = callOf(flags);
        const {runCall} = await import('./commands/call/call.ts');
        if (call.method !== 'build') return runCall(call, flags, operands, io, interrupt);
      }
      const {runBuild} = await import('./commands/build.ts');
      return runBuild(flags, operands, io, {interrupt, ...(engine === undefined ? {} : {engine})});
    }
    case 'run': {
      const {runRun} = await import('./commands/run/run.ts');
      return runRun(flags, operands, io, interrupt);
    }
    case 'shell': {
      const {runShell} = await import('./commands/shell/shell.ts');
      return runShell(flags, operands, afterDashes, io, interrupt);
    }
    case 'images': {
      const {runImages} = await import('./commands/images.ts');
      return runImages(flags, operands, io);
    }
    case 'doctor': {
      const {runDoctor} = await import('./commands/doctor/doctor.ts');
      return runDoctor(flags, operands, io, interrupt);
    }
    case 'inspect': {
      const {runInspect} = await import('./commands/inspect.ts');
      return runInspect(flags, operands, io);
    }
    case 'debug':
      return runDebug(operands, io);
  }
}

async function runDebug(operands: readonly string[], io: CliIo): Promise<number> {
  const [what, ...rest] = operands;
  switch (what) {
    case 'parse':
      return (await import('./commands/debug/parse.ts')).runDebugParse(rest, io);
    case 'print':
      return (await import('./commands/debug/print.ts')).runDebugPrint(rest, io);
    case 'shell':
      return (await import('./commands/debug/shell.ts')).runDebugShell(rest, io);
    case 'ignore':
      return (await import('./commands/debug/ignore.ts')).runDebugIgnore(rest, io);
    case 'lint':
      return (await import('./commands/debug/lint.ts')).runDebugLint(rest, io);
    case 'layout':
      return (await import('./commands/debug/layout.ts')).runDebugLayout(rest, io);
    case undefined:
    case '--help':
    case '-h':
      return printHelp('debug', io);
    default:
      throw buildError(
        'usage',
        'cli-unknown-command',
        `debug has no "${what}": expected parse, print, shell, ignore, lint or layout`,
      );
  }
}

function printVersion(io: CliIo): ExitCode {
  io.stdout.write(`tsbuild ${version}\n`);
  return exitCodes.ok;
}

async function printHelp(command: string, io: CliIo): Promise<ExitCode> {
  const {helpText} = await import('./help.ts');
  io.stdout.write(helpText(command, columnsOf(io.stdout)));
  return exitCodes.ok;
}
