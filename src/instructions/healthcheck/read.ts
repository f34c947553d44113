// HEALTHCHECK: a command that tells whether the container is well, or NONE. It is not expanded: the container's shell
// does that.

import type {HealthcheckInstruction} from '../../dockerfile/ast.ts';
import {type FlagValues, readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader, Report} from '../../dockerfile/instruction-reader.ts';
import {commandLine, hasArguments} from '../../dockerfile/reading.ts';
import {instructionBase, type Statement} from '../../dockerfile/statement.ts';
import {parseDuration} from './duration.ts';

const intervalMinNs = 1e6;
const retriesMax = 0x7fff_ffff;

export const healthcheckReader = {
  keyword: 'HEALTHCHECK',
  shape: 'type-and-command',
  flags: {
    interval: 'text',
    timeout: 'text',
    'start-period': 'text',
    'start-interval': 'text',
    retries: 'text',
  },
  heredoc: false,
  read(statement, report): HealthcheckInstruction | undefined {
    const [kind] = statement.args;
    if (!hasArguments(statement, report) || kind === undefined) return undefined;
    // NONE has no use for flags; docker does not look at them then, unknown ones included.
    if (kind.text.toUpperCase() === 'NONE') return readNone(statement, report);
    const flags = readFlags(statement.flags, healthcheckReader.flags, report);
    const problem = commandProblem(statement);
    if (problem !== undefined) {
      const hints = ['write HEALTHCHECK CMD and the command, or HEALTHCHECK NONE'];
      report({code: 'dockerfile-healthcheck', message: problem, span: kind.span, hints});
      return undefined;
    }
    const timing = flags === undefined ? undefined : readTiming(flags, report);
    if (timing === undefined) return undefined;
    return {
      keyword: 'HEALTHCHECK',
      ...instructionBase(statement),
      command: commandLine(statement, 1),
      ...timing,
    };
  },
} satisfies InstructionReader;

function readNone(statement: Statement, report: Report): HealthcheckInstruction | undefined {
  const extra = statement.args[1];
  if (extra === undefined) return {keyword: 'HEALTHCHECK', ...instructionBase(statement)};
  const message = 'HEALTHCHECK NONE takes no arguments';
  report({code: 'dockerfile-healthcheck', message, span: extra.span});
  return undefined;
}

function commandProblem({args}: Statement): string | undefined {
  const kind = args[0]?.text.toUpperCase() ?? '';
  if (kind !== 'CMD') return `Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`;
  return args.length < 2 ? 'Missing command after HEALTHCHECK CMD' : undefined;
}

type Timing = Pick<
  HealthcheckInstruction,
  'interval' | 'timeout' | 'startPeriod' | 'startInterval' | 'retries'
>;

const durationFlags = {
  interval: 'interval',
  timeout: 'timeout',
  'start-period': 'startPeriod',
  'start-interval': 'startInterval',
} as const;

function readTiming(flags: FlagValues, report: Report): Timing | undefined {
  const timing: {-readonly [K in keyof Timing]: Timing[K]} = {};
  let broken = false;
  const fail = (name: string, message: string, hints: readonly string[] = []): void => {
    broken = true;
    for (const {span} of flags.all(name)) report({code: 'dockerfile-healthcheck', message, span, hints});
  };
  for (const [name, member] of Object.entries(durationFlags)) {
    const text = flags.text(name);
    if (text === undefined || text === '') continue;
    const duration = parseDuration(text);
    if (typeof duration !== 'number')
      fail(name, duration.error, ['a duration has a unit: 30s, 1m30s, 500ms']);
    else if (duration !== 0 && duration < intervalMinNs) {
      fail(name, `Interval "${name}" cannot be less than 1ms`);
    } else timing[member] = duration;
  }
  const retries = flags.text('retries') ?? '';
  if (retries !== '') {
    const problem = retriesProblem(retries);
    if (problem !== undefined) fail('retries', problem);
    else timing.retries = Number(retries);
  }
  return broken ? undefined : timing;
}

function retriesProblem(text: string): string | undefined {
  const parsing = `strconv.ParseInt: parsing ${JSON.stringify(text)}:`;
  if (!/^[-+]?\d+$/.test(text)) return `${parsing} invalid syntax`;
  const retries = Number(text);
  if (Math.abs(retries) > retriesMax) return `${parsing} value out of range`;
  return retries < 0 ? `--retries cannot be negative (${retries})` : undefined;
}
