// `tsbuild debug parse FILE`: what the parser makes of a Dockerfile, as one line of JSON that is easy to compare with
// other parsers'. Nothing is expanded. Of several mistakes it tells the one docker would, which stops at the first.

import type {Diagnostic} from '../../../diagnostics/diagnostic.ts';
import {sourceFile} from '../../../diagnostics/source-file.ts';
import {pairsOf} from '../../../dockerfile/pairs.ts';
import type {Statement} from '../../../dockerfile/statement.ts';
import {analyzeWithReaders} from '../../../instructions/readers.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {CliIo} from '../../io.ts';
import {dockerfileArgument} from './dockerfile-argument.ts';

export async function runDebugParse(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const file = await dockerfileArgument('parse', argv, io);
  if (typeof file === 'number') return file;
  const answer = describeDockerfile(file.path, file.text);
  io.stdout.write(`${JSON.stringify(answer)}\n`);
  return answer.ok ? exitCodes.ok : exitCodes.failed;
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
      readonly errorLines: readonly [number, number] | null;
    };

export function describeDockerfile(path: string, text: string): DockerfileDescription {
  const analysis = analyzeWithReaders(sourceFile(path, text));
  const [syntax] = analysis.statements.syntax;
  // BuildKit counts lines from zero where it reads directives.
  if (syntax?.code === 'dockerfile-directive') return describeError(syntax, syntax.message, -1);
  if (syntax !== undefined) return describeError(syntax, syntax.message, 0);
  const [meaning] = analysis.meaning;
  if (meaning !== undefined) {
    const misplaced = meaning.code === 'dockerfile-no-stage';
    const prefix = misplaced ? '' : `dockerfile parse error on line ${meaning.span?.line ?? 0}: `;
    return describeError(meaning, prefix + meaning.message + suggestionOf(meaning), 0);
  }
  const metaArgs: InstructionDescription[] = [];
  const stages: StageDescription[] = [];
  for (const {statement} of analysis.statements.slots) {
    if (statement === undefined) continue;
    const stage = stages.at(-1);
    if (statement.keyword === 'FROM') stages.push(describeStage(statement));
    else (stage?.instructions ?? metaArgs).push(describe(statement));
  }
  return {ok: true, escape: analysis.statements.escape, metaArgs, stages};
}

function describeError({span}: Diagnostic, error: string, shift: number): DockerfileDescription {
  const lines = span === undefined ? null : ([span.line + shift, span.endLine + shift] as const);
  return {ok: false, error, errorLines: lines};
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
