// A whole command line, read as `run.ts` has it read.

import {commandNamed} from '../../src/cli/commands/index.ts';
import {type CommandLine, parseArguments, splitCommand} from '../../src/cli/program.ts';

export function parseCommandLine(argv: readonly string[]): CommandLine {
  const named = splitCommand(argv);
  return parseArguments(named, commandNamed(named.command));
}
