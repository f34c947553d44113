// The command line's grammar, and the only door to commander, which is used as a reader of flags: each flag that
// occurs is recorded in order, with its value as text; what values mean is build-request.ts's. The command's name is
// looked for first, because `build` may be left out: `tsbuild -t app .` and `tsbuild build -t app .` are the same.

import {Command, CommanderError, Option} from 'commander';
import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {assert} from '../util/assert.ts';
import {goBool} from '../util/go-bool.ts';
import {suggest} from '../util/suggest.ts';
import {commandNames, dockerSpellings, foreignPhrase, plainCommands} from './command-names.ts';
import type {Command as CommandRow} from './commands/command.ts';
import type {DockerFlag} from './docker-flags.ts';
import {FlagValues} from './flag-values.ts';
import {type Flag, globalFlags, withGlobalFlags} from './flags.ts';

type AnyFlag = Flag | DockerFlag;

export interface CommandLine {
  /** The name of a row of the shelf, or one of `plainCommands`. */
  readonly command: string;
  readonly flags: FlagValues;
  readonly operands: readonly string[];
  /** Of a command that takes another one: what follows `--`. */
  readonly afterDashes: readonly string[];
}

/** A command line whose command is known. */
export interface NamedCommand {
  readonly command: string;
  /** All the rest, global flags before the name too. */
  readonly rest: readonly string[];
}

/** Reads what follows a command's name. Throws BuildError('usage') naming every unknown or refused flag. */
export function parseArguments({command, rest: whole}: NamedCommand, row?: CommandRow): CommandLine {
  const [rest, afterDashes] = row?.arguments === 'dashes' ? splitAtDashes(whole) : [whole, []];
  if (row?.arguments === 'raw') return {command, flags: new FlagValues([]), operands: rest, afterDashes: []};
  const known = withGlobalFlags(row?.flags ?? []);
  const foreign = row?.dockerFlags ?? [];
  const problems: Diagnostic[] = [];
  const seen: [name: string, value: string][] = [];
  const reader = readerOf(known, foreign, (name, value) => seen.push([name, value]));
  const end = row?.arguments === 'process' ? firstOperand(rest, [...known, ...foreign]) : rest.length;
  let operands: readonly string[] = [];
  try {
    const result = reader.parseOptions(spellBooleans(rest.slice(0, end), known, foreign, problems));
    operands = [...result.operands, ...rest.slice(end)];
    problems.push(...unknownFlags(command, result.unknown, known, foreign));
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    problems.push(missingValue(error, known));
  }
  const flags = seen.filter(([name, value]) => keep(name, value, foreign, problems));
  throwIfAny(problems);
  return {command, flags: new FlagValues(flags), operands, afterDashes};
}

function splitAtDashes(argv: readonly string[]): readonly [string[], string[]] {
  const end = argv.indexOf('--');
  return end < 0 ? [[...argv], []] : [argv.slice(0, end), argv.slice(end + 1)];
}

/** Where the first argument stands that is neither a flag nor a flag's value; `--` ends the flags. */
function firstOperand(argv: readonly string[], flags: readonly AnyFlag[]): number {
  let index = 0;
  for (; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (argument === '--') return index + 1;
    if (!argument.startsWith('-') || argument === '-') break;
    if (takesNextArgument(argument, flags)) index++;
  }
  return index;
}

function takesNextArgument(argument: string, flags: readonly AnyFlag[]): boolean {
  if (argument.startsWith('--')) return flags.some((flag) => argument === `--${flag.name}` && isValued(flag));
  // `-it`, `-eNAME=value`: a value begins right after the letter of its flag, unless that is the last one.
  const letters = [...argument.slice(1)];
  const valued = letters.findIndex((letter) => flags.some((flag) => flag.short === letter && isValued(flag)));
  return valued >= 0 && valued === letters.length - 1;
}

/**
 * Takes the command's name out of `argv` (without node and script): the first arguments that are neither a global flag
 * nor its value. docker's --debug may stand there, too, and changes nothing. Throws BuildError('usage') when only the
 * first of two words is a command's.
 */
export function splitCommand(argv: readonly string[]): NamedCommand {
  const before: string[] = [];
  let index = 0;
  for (; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (/^(-D|--debug(=.*)?)$/.test(argument)) continue;
    const flag = globalFlags.find(({name}) => argument === `--${name}` || argument.startsWith(`--${name}=`));
    if (flag === undefined) break;
    before.push(argument);
    if (flag.value !== undefined && argument === `--${flag.name}`)
      before.push(...argv.slice(++index, index + 1));
  }
  const [group = '', word = ''] = argv.slice(index);
  const meant = dockerSpellings.get(`${group} ${word}`);
  const words = meant === undefined ? argv.slice(index) : [meant, ...argv.slice(index + 2)];
  return commandOf(before, words);
}

function commandOf(before: readonly string[], given: readonly string[]): NamedCommand {
  const without = (count: number): string[] => [...before, ...given.slice(count)];
  const [first = '', second = ''] = given;
  const words = `${first} ${second}`;
  if (commandNames.includes(words)) return {command: words, rest: without(2)};
  if (commandNames.includes(first) || plainCommands.some((name) => name === first)) {
    return {command: first, rest: without(1)};
  }
  const longer = commandNames.filter((name) => name.startsWith(`${first} `));
  if (longer.length > 0 && ['--help', '-h'].includes(second))
    return {command: 'help', rest: [...before, first]};
  if (longer.length > 0) throw unknownWord(first, second, longer);
  const foreign = foreignPhrase(first, second);
  if (foreign !== undefined) {
    const {phrase, hint = 'tsbuild --help lists the commands'} = foreign;
    throw new BuildError('usage', [problem('cli-unknown-command', `there is no command ${phrase}`, hint)]);
  }
  return {command: 'build', rest: without(0)};
}

function unknownWord(first: string, second: string, longer: readonly string[]): BuildError {
  const names = longer.map((name) => name.slice(first.length + 1));
  const near = suggest(second, names);
  return new BuildError('usage', [
    problem(
      'cli-unknown-command',
      second === ''
        ? `${first} is several commands: ${names.join(', ')}`
        : `${first} has no "${second}": expected ${names.join(', ')}`,
      near === undefined ? `tsbuild help ${first} tells about them` : `did you mean ${near}?`,
    ),
  ]);
}

function readerOf(
  known: readonly Flag[],
  foreign: readonly DockerFlag[],
  record: (name: string, value: string) => void,
): Command {
  const reader = new Command().exitOverride().configureOutput({writeErr: () => {}, writeOut: () => {}});
  reader.helpOption(false);
  const add = (flag: AnyFlag): void => {
    const valued = isValued(flag);
    const short = flag.short === undefined ? '' : `-${flag.short}, `;
    const name = ('means' in flag && flag.means) || flag.name;
    reader.addOption(new Option(`${short}--${flag.name}${valued ? ' <value>' : ''}`));
    reader.on(`option:${flag.name}`, (value: string | null | undefined) => record(name, value ?? 'true'));
    // commander's booleans take no value; `=false` travels as a flag of its own, in its place in the order.
    if (valued) return;
    reader.addOption(new Option(`--${flag.name}:false`));
    reader.on(`option:${flag.name}:false`, () => record(flag.name, 'false'));
  };
  known.forEach(add);
  foreign.forEach(add);
  return reader;
}

function isValued({value}: AnyFlag): boolean {
  return value !== undefined && value !== false;
}

/** Rewrites `--pull=true`, `-q=false` and `-t=name`, which docker takes, to what commander understands. */
function spellBooleans(
  argv: readonly string[],
  known: readonly Flag[],
  foreign: readonly DockerFlag[],
  problems: Diagnostic[],
): string[] {
  const all: readonly AnyFlag[] = [...known, ...foreign];
  const end = argv.indexOf('--');
  return argv.map((argument, index) => {
    if (end !== -1 && index > end) return argument;
    const match = /^(--[a-z-]+|-[A-Za-z])=(.*)$/s.exec(argument);
    if (match === null) return argument;
    const [, spelled = '', text = ''] = match;
    const flag = all.find(({name, short}) => spelled === `--${name}` || spelled === `-${short}`);
    if (flag === undefined) return argument;
    if (isValued(flag)) {
      return spelled.startsWith('--') ? argument : `--${flag.name}=${text}`;
    }
    const isOn = goBool(text);
    if (isOn !== undefined) return isOn ? `--${flag.name}` : `--${flag.name}:false`;
    problems.push(problem('cli-bad-value', `${spelled} expects true or false, got "${text}"`));
    return `--${flag.name}`;
  });
}

/** Whether an occurrence is ours to act on; refused ones become problems, ignored ones vanish. */
function keep(name: string, value: string, foreign: readonly DockerFlag[], problems: Diagnostic[]): boolean {
  const flag = foreign.find((candidate) => candidate.name === name);
  if (flag === undefined) return true;
  // A switch that is off asks for nothing, mostly.
  const {refusal, accepted = flag.value ? [] : ['false']} = flag;
  if (refusal === undefined || accepted.includes(value)) return false;
  problems.push(problem('cli-unsupported-flag', `--${name} ${refusal}`));
  return false;
}

function unknownFlags(
  command: string,
  unknown: readonly string[],
  known: readonly Flag[],
  foreign: readonly DockerFlag[],
): Diagnostic[] {
  const end = unknown.indexOf('--');
  const candidates = [
    ...known.map(({name}) => `--${name}`),
    ...foreign.filter(({refusal}) => refusal === undefined).map(({name}) => `--${name}`),
  ];
  return (end === -1 ? unknown : unknown.slice(0, end))
    .filter((argument) => argument.startsWith('-') && argument !== '-')
    .map((argument) => {
      const spelled = argument.replace(/=.*$/s, '');
      const near = spelled.startsWith('--') ? suggest(spelled, candidates) : undefined;
      return problem(
        'cli-unknown-flag',
        `unknown flag ${spelled}`,
        near === undefined ? `${helpOf(command)} lists the flags` : `did you mean ${near}?`,
      );
    });
}

function helpOf(command: string): string {
  return command === 'build' ? 'tsbuild --help' : `tsbuild ${command} --help`;
}

function missingValue(error: CommanderError, known: readonly Flag[]): Diagnostic {
  const name = /--([a-z-]+)/.exec(error.message)?.[1];
  assert(error.code === 'commander.optionMissingArgument', `unexpected ${error.code}: ${error.message}`);
  const flag = known.find((candidate) => candidate.name === name);
  return problem(
    'cli-missing-value',
    `--${name} needs a value${flag?.value ? `: --${name} ${flag.value}` : ''}`,
  );
}

function problem(code: string, message: string, hint?: string): Diagnostic {
  return {severity: 'error', code, message, ...(hint === undefined ? {} : {hints: [hint]})};
}

function throwIfAny(problems: readonly Diagnostic[]): void {
  const [first, ...others] = problems;
  if (first !== undefined) throw new BuildError('usage', [first, ...others]);
}
