// One command from arguments to exit code. Everything it touches comes in as arguments, so tests run it in memory.
// What a command does not need is not loaded: --version and --help answer before the parser of flags is read.

import {assert} from '../util/assert.ts';
import type {BuildFunction} from './build-function.ts';
import {type ExitCode, exitCodes} from './exit-codes.ts';
import type {CliIo} from './io.ts';
import {columnsOf} from './terminal.ts';
import {version} from './version.ts';

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
    return (await failureCodeOf(argv))?.(error) ?? code;
  }
}

async function failureCodeOf(argv: readonly string[]): Promise<((error: unknown) => number) | undefined> {
  const [{commandOf}, {commandNamed}] = await Promise.all([
    import('./program.ts'),
    import('./commands/index.ts'),
  ]);
  return commandNamed(commandOf(argv))?.failureCode?.();
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
  if (command === 'version') return printVersion(io);
  if (command === 'help') return printHelp(operands.join(' ') || 'build', io);
  const {commandNamed} = await import('./commands/index.ts');
  const row = commandNamed(command);
  assert(row !== undefined, `no command ${command}`);
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
