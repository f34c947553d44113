// RUN: a command on top of the file system so far. Mounts are checked as far as that is possible before variables have
// values; the command itself is the shell's.

import type {RunInstruction} from '../../dockerfile/ast.ts';
import {type FlagValues, readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader, Report} from '../../dockerfile/instruction-reader.ts';
import {commandLine} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';
import {PlanProblem} from '../../plan/plan-problem.ts';
import {checkMount} from './mount.ts';

const networks = ['default', 'none', 'host'] as const;
const securities = ['sandbox', 'insecure'] as const;

export const runReader = {
  keyword: 'RUN',
  shape: 'array-or-line',
  flags: {mount: 'list', network: 'text', security: 'text', device: 'list'},
  heredoc: true,
  read(statement, report): RunInstruction | undefined {
    const flags = readFlags(statement.flags, runReader.flags, report);
    if (flags === undefined) return undefined;
    const mountsAreSound = checkMounts(flags, report);
    const network = choice(flags, 'network', networks, report);
    const security = choice(flags, 'security', securities, report);
    if (!mountsAreSound || network === null || security === null) return undefined;
    return {
      keyword: 'RUN',
      ...instructionBase(statement),
      command: commandLine(statement),
      mounts: flags.list('mount'),
      ...(network === undefined ? {} : {network}),
      ...(security === undefined ? {} : {security}),
      devices: flags.list('device'),
    };
  },
} satisfies InstructionReader;

function checkMounts(flags: FlagValues, report: Report): boolean {
  let sound = true;
  for (const {value = '', span} of flags.all('mount')) {
    try {
      checkMount(value);
    } catch (error) {
      if (!(error instanceof PlanProblem)) throw error;
      sound = false;
      report({code: error.code, message: error.message, span, hints: error.hints});
    }
  }
  return sound;
}

/** The value of a flag that has few; null when it is another, which is reported. */
function choice<T extends string>(
  flags: FlagValues,
  name: 'network' | 'security',
  known: readonly T[],
  report: Report,
): T | undefined | null {
  const [flag] = flags.all(name);
  if (flag === undefined) return undefined;
  const found = known.find((value) => value === flag.value);
  if (found !== undefined) return found;
  const written = JSON.stringify(flag.value ?? '');
  report({
    code: 'dockerfile-flag-value',
    message: name === 'network' ? `invalid network mode ${written}` : `security ${written} is not valid`,
    span: flag.span,
    hints: [`--${name} is one of ${known.join(', ')}`],
  });
  return null;
}
