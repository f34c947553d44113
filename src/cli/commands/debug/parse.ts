// `tsbuild debug parse FILE...`: what the parser makes of each Dockerfile, as a line of JSON that is easy to compare
// with other parsers'. Nothing is expanded. Of several mistakes it tells the one docker would, which stops at the
// first.

import type {Diagnostic} from '../../../diagnostics/diagnostic.ts';
import {sourceFile} from '../../../diagnostics/source-file.ts';
import {pairsOf} from '../../../dockerfile/pairs.ts';
import type {Analysis} from '../../../dockerfile/parse.ts';
import type {Statement} from '../../../dockerfile/statement.ts';
import type {StatementSlot} from '../../../dockerfile/statements.ts';
import {analyzeWithReaders} from '../../../instructions/readers.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {CliIo} from '../../io.ts';
import {readDockerfile, usage} from './read-dockerfile.ts';

export async function runDebugParse(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  if (argv.length === 0) return usage('parse FILE...', io);
  let code: ExitCode = exitCodes.ok;
  for (const path of argv) {
    const file = await readDockerfile(path, io);
    // Each line answers the file of its number: none comes after a file that cannot be read.
    if (typeof file === 'number') return file;
    const answer = describeDockerfile(file.path, file.text);
    io.stdout.write(`${JSON.stringify(answer)}\n`);
    if (!answer.ok) code = exitCodes.failed;
  }
  return code;
}

export interface InstructionDescription {
  readonly name: string;
  readonly lines: readonly [first: number, last: number];
  readonly flags: readonly string[];
  readonly json?: boolean;
  readonly args?: readonly string[];
  readonly pairs?: readonly (readonly [key: string, value: string])[];
  readonly heredocs?: readonly object[];
  readonly sub?: InstructionDescription;
}

export interface StageDescription {
  readonly name: string;
  readonly base: string;
  readonly platform: string;
  readonly lines: readonly [first: number, last: number];
  readonly instructions: InstructionDescription[];
}

export type DockerfileDescription =
  | {
      readonly ok: true;
      readonly escape: string;
      readonly metaArgs: readonly InstructionDescription[];
      readonly stages: readonly StageDescription[];
    }
  | {
      readonly ok: false;
      readonly error: string;
      readonly errorLines: readonly [number, number];
    };

export function describeDockerfile(path: string, text: string): DockerfileDescription {
  const analysis = analyzeWithReaders(sourceFile(path, text));
  const {syntax, slots} = analysis.statements;
  const [mistake] = syntax;
  if (mistake !== undefined) return describeError(mistake.message, syntaxLine(mistake, analysis));
  const [meaning] = analysis.meaning;
  if (meaning !== undefined) {
    const line = instructionLine(meaning, slots);
    const misplaced = meaning.code === 'dockerfile-no-stage';
    const prefix = misplaced ? '' : `dockerfile parse error on line ${line}: `;
    return describeError(prefix + meaning.message + suggestionOf(meaning), line);
  }
  const metaArgs: InstructionDescription[] = [];
  const stages: StageDescription[] = [];
  for (const {statement} of slots) {
    if (statement === undefined) continue;
    const stage = stages.at(-1);
    if (statement.keyword === 'FROM') stages.push(describeStage(statement));
    else (stage?.instructions ?? metaArgs).push(describe(statement));
  }
  return {ok: true, escape: analysis.statements.escape, metaArgs, stages};
}

function describeError(error: string, line: number): DockerfileDescription {
  return {ok: false, error, errorLines: [line, line]};
}

/** BuildKit tells how many lines it has read: none of an empty file, and not the one whose directive it reads. */
function syntaxLine(mistake: Diagnostic, {statements}: Analysis): number {
  if (mistake.code === 'dockerfile-empty') return statements.linesCount;
  const countsFromZero =
    mistake.code === 'dockerfile-directive' || mistake.code === 'dockerfile-line-too-long';
  return countsFromZero ? (mistake.span?.line ?? 1) - 1 : instructionLine(mistake, statements.slots);
}

/** The line on which the instruction of a mistake begins: all that BuildKit knows of a place. */
function instructionLine({span}: Diagnostic, slots: readonly StatementSlot[]): number {
  const line = span?.line ?? 0;
  const slot = slots.findLast(({firstLine}) => firstLine <= line);
  return slot?.firstLine ?? line;
}

/** BuildKit puts its suggestion into the message. */
function suggestionOf({hints = []}: Diagnostic): string {
  const name = /^did you mean (?:--)?(.+)\?$/.exec(hints[0] ?? '')?.[1];
  return name === undefined ? '' : ` (did you mean ${name}?)`;
}

function describeStage(statement: Statement): StageDescription {
  const [image, , alias] = statement.args;
  const platform = statement.flags.find((flag) => flag.name === 'platform')?.value ?? '';
  return {
    name: alias?.text.toLowerCase() ?? '',
    base: image?.text ?? '',
    platform,
    lines: linesOf(statement),
    instructions: [],
  };
}

const commands = new Set(['RUN', 'CMD', 'ENTRYPOINT', 'SHELL', 'HEALTHCHECK']);

function describe(statement: Statement): InstructionDescription {
  const {keyword, flags, json, args, heredocs, nested} = statement;
  const isPairs = keyword === 'ENV' || keyword === 'LABEL';
  return {
    name: keyword,
    lines: linesOf(statement),
    flags: flags.map((flag) => flag.text),
    ...(commands.has(keyword) ? {json} : {}),
    ...(isPairs ? {pairs: pairsOf(statement).map(({key, value}) => [key, value] as const)} : {}),
    ...(isPairs || nested !== undefined ? {} : {args: args.map((word) => word.text)}),
    heredocs: heredocs.map(({name, fd, expand, chomp, raw}) => ({name, fd, expand, chomp, content: raw})),
    ...(nested === undefined ? {} : {sub: describe(nested)}),
  };
}

function linesOf({span}: Statement): readonly [number, number] {
  return [span.line, span.endLine];
}
