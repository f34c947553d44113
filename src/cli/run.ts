// One command from arguments to exit code. Everything it touches comes in as arguments, so tests run it in memory.
// What a command does not need is not loaded: --version and --help answer before the parser of flags is read.

import type {BuildFunction} from './build-function.ts';
import type {Command} from './commands/command.ts';
import {type ExitCode, exitCodes} from './exit-codes.ts';
import type {CliIo} from './io.ts';
import type {CommandLine} from './program.ts';
import {columnsOf, safeIo} from './terminal.ts';
import {version} from './version.ts';

/** Runs the command line `argv` (without node and script). Never throws. */
export async function runCli(
  argv: readonly string[],
  streams: CliIo,
  interrupt: AbortSignal,
  engine?: BuildFunction,
): Promise<number> {
  const io = safeIo(streams);
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
    return reported(error, io, interrupt);
  }
}

async function reported(error: unknown, io: CliIo, interrupt: AbortSignal): Promise<number> {
  const {reportFailure} = await import('./failure.ts');
  return reportFailure(error, io, interrupt);
}

/** The row of a command; not the whole shelf for a build, which shall begin at once. */
async function rowOf(name: string): Promise<Command | undefined> {
  if (name === 'build') return (await import('./commands/build/command.ts')).buildCommand;
  return (await import('./commands/index.ts')).commandNamed(name);
}

async function runCommand(
  argv: readonly string[],
  io: CliIo,
  interrupt: AbortSignal,
  engine: BuildFunction | undefined,
): Promise<number> {
  const {parseArguments, splitCommand} = await import('./program.ts');
  const named = splitCommand(argv);
  const row = await rowOf(named.command);
  try {
    return await actOn(parseArguments(named, row), row, io, interrupt, engine);
  } catch (error) {
    if (row?.failureCode === undefined) throw error;
    const code = await reported(error, io, interrupt);
    return interrupt.aborted ? code : (await row.failureCode())(error);
  }
}

async function actOn(
  {command, flags, operands, afterDashes}: CommandLine,
  row: Command | undefined,
  io: CliIo,
  interrupt: AbortSignal,
  engine: BuildFunction | undefined,
): Promise<number> {
  if (flags.has('help')) return printHelp(command, io);
  if (flags.has('version')) return printVersion(io);
  if (command === 'version') return printVersion(io);
  if (command === 'help') return printHelp(operands.join(' ') || 'build', io);
  if (row === undefined) throw new Error(`command ${command} has a name and no row`);
  if (row.arguments === 'raw' && ['--help', '-h', undefined].includes(operands[0])) {
    return printHelp(command, io);
  }
  const act = await row.load();
  return act({flags, operands, afterDashes, io, interrupt, ...(engine === undefined ? {} : {engine})});
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
