// One occurrence of a command, in memory.

import type {CommandCall} from '../../src/cli/commands/command.ts';
import {FlagValues} from '../../src/cli/flag-values.ts';
import type {CliIo} from '../../src/cli/io.ts';

export function commandCall(
  io: CliIo,
  operands: readonly string[],
  flags: readonly (readonly [string, string])[],
): CommandCall {
  return {
    flags: new FlagValues(flags),
    operands,
    afterDashes: [],
    io,
    interrupt: new AbortController().signal,
  };
}
