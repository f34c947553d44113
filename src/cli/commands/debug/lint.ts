// `tsbuild debug lint FILE`: the warnings of a Dockerfile as one line of JSON, for comparing with other linters. No
// registry is asked: every base image is one that has a PATH and nothing else, for the platform that is wanted.

import {readFile} from 'node:fs/promises';
import {resolve} from 'node:path';
import {BuildError, buildError} from '../../../diagnostics/build-error.ts';
import {sourceFile} from '../../../diagnostics/source-file.ts';
import type {Dockerfile} from '../../../dockerfile/ast.ts';
import {instructionSet} from '../../../instructions/index.ts';
import {parseWithReaders} from '../../../instructions/readers.ts';
import {type LintRun, startLint} from '../../../lint/lint-run.ts';
import type {LintedBuild} from '../../../lint/rule.ts';
import {hostPlatform} from '../../../oci/platform.ts';
import {inventedImage} from '../../../plan/invented-image.ts';
import {type PlanRequest, plainRequest} from '../../../plan/plan.ts';
import {planBuild} from '../../../plan/plan-build.ts';
import {readIgnoreFile} from '../../../tree/ignore-file.ts';
import {PatternMatcher} from '../../../tree/pattern-matcher.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import {type CliIo, readAll} from '../../io.ts';

interface Question {
  readonly path: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly target: string | undefined;
  readonly ignoreFile: string | undefined;
  readonly allStages: boolean;
  /** Rules of ours are in the answer, too. */
  readonly own: boolean;
}

export interface LintAnswer {
  readonly warnings: readonly {
    readonly rule: string;
    readonly line: number;
    readonly detail: string;
    readonly description: string;
    readonly url?: string;
    readonly level: 1;
  }[];
  readonly buildErr?: string;
}

/** Exit code 1 when the file cannot be planned. */
export async function runDebugLint(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const question = questionOf(argv);
  const {path, ignoreFile} = question;
  const bytes = path === '-' ? await readAll(io.stdin) : await readFile(resolve(io.cwd, path));
  const ignore = ignoreFile === undefined ? '' : await readFile(resolve(io.cwd, ignoreFile), 'utf8');
  const answer = await lintText(path, bytes.toString('utf8'), ignore, question);
  io.stdout.write(`${JSON.stringify(answer)}\n`);
  return answer.buildErr === undefined ? exitCodes.ok : exitCodes.failed;
}

function questionOf(argv: readonly string[]): Question {
  let [path, target, ignoreFile]: (string | undefined)[] = [];
  let [allStages, own] = [false, false];
  const buildArgs: Record<string, string> = {};
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--all-stages') allStages = true;
    else if (word === '--own') own = true;
    else if (word === '--target') target = argv[++at];
    else if (word === '--ignore-file') ignoreFile = argv[++at];
    else if (word === '--build-arg') {
      const [name = '', ...value] = (argv[++at] ?? '').split('=');
      buildArgs[name] = value.join('=');
    } else if (path === undefined && (word === '-' || !word.startsWith('-'))) path = word;
    else throw usage(`debug lint does not know ${word}`);
  }
  if (path === undefined) throw usage('debug lint needs a FILE');
  return {path, buildArgs, target, ignoreFile, allStages, own};
}

function usage(message: string): BuildError {
  const hint =
    'tsbuild debug lint FILE [--build-arg K=V] [--target STAGE] [--all-stages] [--ignore-file FILE] [--own]';
  return buildError('usage', 'cli-usage', message, {hints: [hint]});
}

export async function lintText(
  path: string,
  text: string,
  ignore: string,
  question: Omit<Question, 'path' | 'ignoreFile'>,
): Promise<LintAnswer> {
  const {partial, dockerfile, diagnostics} = parseWithReaders(sourceFile(path, text));
  const patterns = readIgnoreFile(ignore);
  const request = planRequest(partial, question);
  const build: LintedBuild = {
    ...request,
    parserWarnings: diagnostics.filter(({severity}) => severity === 'warning'),
    ignored: patterns.length === 0 ? undefined : new PatternMatcher(patterns),
  };
  try {
    const run = startLint(build);
    const syntaxError = diagnostics.find(({severity}) => severity === 'error')?.message;
    const buildErr = dockerfile === undefined ? syntaxError : await planError(request, run);
    return answerOf(run, question.own, buildErr);
  } catch (error) {
    if (error instanceof BuildError) return {warnings: [], buildErr: error.diagnostics[0].message};
    throw error;
  }
}

/** What keeps the file from being built, in BuildKit's manner: with the suggestion behind the message. */
async function planError(request: PlanRequest, run: LintRun): Promise<string | undefined> {
  try {
    await planBuild({...request, observer: run.observer}, instructionSet);
    return run.failure()?.message;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const [{message, hints = []}] = error.diagnostics;
    const near = hints.find((hint) => hint.startsWith('did you mean '));
    return near === undefined ? message : `${message} (${near})`;
  }
}

function answerOf(run: LintRun, own: boolean, buildErr: string | undefined): LintAnswer {
  const warnings = run
    .warnings()
    .filter(({rule}) => own || !rule.name.startsWith('tsbuild/'))
    .map(({rule: {name: rule, description, url}, diagnostic: {message: detail, span}}) => ({
      rule,
      line: span?.line ?? 0,
      detail,
      description,
      ...(url === undefined ? {} : {url}),
      level: 1 as const,
    }));
  return {warnings, ...(buildErr === undefined ? {} : {buildErr})};
}

function planRequest(
  dockerfile: Dockerfile,
  {buildArgs, target, allStages}: Pick<Question, 'buildArgs' | 'target' | 'allStages'>,
): PlanRequest {
  return {
    ...plainRequest,
    dockerfile,
    ...(target === undefined ? {} : {target}),
    buildArgs,
    allStages,
    targetPlatform: hostPlatform(),
    buildPlatform: hostPlatform(),
    entitlements: new Set(['network.host', 'security.insecure']),
    resolveImage: async (reference, platform) => inventedImage(reference, platform),
  };
}
