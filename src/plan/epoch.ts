// SOURCE_DATE_EPOCH: a number of seconds, or the name of something that has a time: `context`, a named context, or a
// stage that is nothing but one remote ADD on scratch. Local directories have no time that is worth keeping.

import type {CopyInstruction, Dockerfile, Instruction, Stage} from '../dockerfile/ast.ts';
import type {GitSource, HttpSource} from '../graph/op.ts';
import {ownValue} from './build-args.ts';
import type {Environment} from './environment.ts';
import {type Escape, expandWord} from './expand.ts';
import {fileNameOf, gitSourceOf, isHttpSource, parseGitReference} from './git-reference.ts';
import type {NamedContexts} from './named-contexts.ts';
import type {PlanRequest} from './plan.ts';
import {PlanProblem, type ProblemList} from './plan-problem.ts';
import {scratchName} from './stage-graph.ts';

const epochName = 'SOURCE_DATE_EPOCH';

export interface ResolvedEpoch {
  readonly seconds: number | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** Reads the epoch from the build arguments or the global ARGs and puts the resolved number in its place in both. */
export async function resolveEpoch(
  request: PlanRequest,
  globals: Environment,
  contexts: NamedContexts,
  problems: ProblemList,
): Promise<ResolvedEpoch> {
  const given = request.buildArgs[epochName];
  const value = given ?? globals.get(epochName) ?? '';
  const seconds = value === '' ? undefined : await secondsOf(value, request, globals, contexts, problems);
  const {[epochName]: _, ...others} = request.buildArgs;
  if (seconds === undefined) {
    if (given !== undefined || value !== '') globals.delete(epochName);
    return {seconds, buildArgs: others};
  }
  if (globals.get(epochName) !== undefined) globals.set(epochName, String(seconds));
  return {seconds, buildArgs: given === undefined ? others : {...others, [epochName]: String(seconds)}};
}

async function secondsOf(
  value: string,
  request: PlanRequest,
  globals: Environment,
  contexts: NamedContexts,
  problems: ProblemList,
): Promise<number | undefined> {
  if (/^[+-]?\d+$/.test(value) && Number.isSafeInteger(Number(value))) return Number(value);
  if (value === 'context') return request.epochOf({type: 'context', name: value});
  const context = contexts.find(value, request.targetPlatform);
  if (context !== undefined) {
    return context.type === 'local' ? request.epochOf({type: 'context', name: context.name}) : undefined;
  }
  const {dockerfile} = request;
  const stage = dockerfile.stages.find((each) => each.name.toLowerCase() === value.toLowerCase());
  if (stage === undefined) {
    const span = dockerfile.metaArgs[0]?.span ?? dockerfile.stages[0]?.from.span;
    const hint = 'it is a number of seconds since 1970, or names a context or a stage with one remote ADD';
    problems.add(span, new PlanProblem('plan-epoch', `invalid SOURCE_DATE_EPOCH: ${value}`, [hint]));
    return undefined;
  }
  const source = problems.collect(stage.from.span, () =>
    sourceOfStage(stage, dockerfile, globals, request.buildArgs),
  );
  return source === undefined ? undefined : request.epochOf({type: 'source', source});
}

/** The only thing that the stage adds. Throws PlanProblem when it does more, or nothing. */
function sourceOfStage(
  stage: Stage,
  dockerfile: Dockerfile,
  globals: Environment,
  buildArgs: PlanRequest['buildArgs'],
): HttpSource | GitSource {
  const scope = globals.clone();
  scope.delete(epochName);
  if (expandWord(stage.from.image, scope, dockerfile.escape) !== scratchName) {
    throw new PlanProblem('plan-epoch', 'SOURCE_DATE_EPOCH stage must use FROM scratch');
  }
  const sources: (HttpSource | GitSource)[] = [];
  for (const instruction of stage.instructions) {
    if (instruction.keyword === 'ARG') {
      for (const {key, value} of instruction.args) {
        const given = ownValue(buildArgs, key);
        if (given !== undefined) scope.set(key, given);
        else if (value !== undefined) scope.set(key, expandWord(value, scope, dockerfile.escape));
      }
      continue;
    }
    sources.push(sourceOfAdd(addIn(instruction), scope, dockerfile.escape));
  }
  const [only, ...others] = sources;
  if (only === undefined || others.length > 0) {
    throw new PlanProblem('plan-epoch', 'SOURCE_DATE_EPOCH stage must contain exactly one remote ADD');
  }
  return only;
}

function addIn(instruction: Instruction): CopyInstruction {
  if (instruction.keyword === 'ADD') return instruction;
  const message = 'SOURCE_DATE_EPOCH stage does not meet source-only requirements: unsupported';
  throw new PlanProblem('plan-epoch', `${message} ${instruction.keyword} instruction`);
}

function sourceOfAdd(
  {sources, sourceHeredocs, checksum = '', keepGitDir}: CopyInstruction,
  scope: Environment,
  escapeCharacter: Escape,
): HttpSource | GitSource {
  const [source, ...more] = sources;
  if (source === undefined || more.length > 0 || sourceHeredocs.length > 0) {
    throw new PlanProblem('plan-epoch', 'SOURCE_DATE_EPOCH stage must contain exactly one remote ADD source');
  }
  const text = expandWord(source, scope, escapeCharacter);
  const expected = expandWord(checksum, scope, escapeCharacter);
  const isKnownGit = keepGitDir !== undefined;
  if (isHttpSource(text, isKnownGit)) {
    const verified = expected === '' ? {} : {checksum: expected};
    return {type: 'http', url: text, filename: fileNameOf(text), ...verified};
  }
  const git = parseGitReference(text, isKnownGit);
  if (git !== undefined) return gitSourceOf(git, keepGitDir ?? false, expected);
  throw new PlanProblem('plan-epoch', 'SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD');
}
