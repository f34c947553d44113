// SOURCE_DATE_EPOCH: a number of seconds, or the name of something that has a time: `context`, a named context, or a
// stage that is nothing but one remote ADD on scratch. Local directories have no time that is worth keeping.

import type {Dockerfile, Instruction, Stage} from '../dockerfile/ast.ts';
import type {Environment} from './environment.ts';
import {type Escape, expandWord} from './expand.ts';
import {isHttpSource, parseGitReference} from './git-reference.ts';
import type {NamedContexts} from './named-contexts.ts';
import type {PlanRequest} from './plan.ts';
import {PlanProblem, type ProblemList} from './plan-problem.ts';
import {scratchName} from './stage-graph.ts';

export const epochName = 'SOURCE_DATE_EPOCH';

export interface ResolvedEpoch {
  readonly seconds: number | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** Reads the epoch from the build arguments or the global ARGs and puts the resolved number in its place in both. */
export function resolveEpoch(
  request: PlanRequest,
  globals: Environment,
  contexts: NamedContexts,
  problems: ProblemList,
): ResolvedEpoch {
  const given = request.buildArgs[epochName];
  const value = given ?? globals.get(epochName) ?? '';
  const seconds = value === '' ? undefined : secondsOf(value, request, globals, contexts, problems);
  const {[epochName]: _, ...others} = request.buildArgs;
  if (seconds === undefined) {
    if (given !== undefined || value !== '') globals.delete(epochName);
    return {seconds, buildArgs: others};
  }
  if (globals.get(epochName) !== undefined) globals.set(epochName, String(seconds));
  return {seconds, buildArgs: given === undefined ? others : {...others, [epochName]: String(seconds)}};
}

function secondsOf(
  value: string,
  request: PlanRequest,
  globals: Environment,
  contexts: NamedContexts,
  problems: ProblemList,
): number | undefined {
  if (/^[+-]?\d+$/.test(value) && Number.isSafeInteger(Number(value))) return Number(value);
  if (value === 'context' || contexts.find(value, request.targetPlatform) !== undefined) return undefined;
  const {dockerfile} = request;
  const stage = dockerfile.stages.find((each) => each.name.toLowerCase() === value.toLowerCase());
  const span = stage?.from.span ?? dockerfile.metaArgs[0]?.span ?? dockerfile.stages[0]?.from.span;
  const problem =
    stage === undefined
      ? new PlanProblem('plan-epoch', `invalid SOURCE_DATE_EPOCH: ${value}`, [
          'it is a number of seconds since 1970',
        ])
      : stageProblem(stage, dockerfile, globals);
  problems.add(span, problem);
  return undefined;
}

function stageProblem(stage: Stage, dockerfile: Dockerfile, globals: Environment): PlanProblem {
  try {
    checkSourceStage(stage, dockerfile, globals);
  } catch (error) {
    if (error instanceof PlanProblem) return error;
    throw error;
  }
  return new PlanProblem(
    'plan-epoch',
    'SOURCE_DATE_EPOCH from a stage with a remote ADD is not supported, give it as a number of seconds',
  );
}

function checkSourceStage(stage: Stage, dockerfile: Dockerfile, globals: Environment): void {
  const scope = globals.clone();
  scope.delete(epochName);
  if (expandWord(stage.from.image, scope, dockerfile.escape) !== scratchName) {
    throw new PlanProblem('plan-epoch', 'SOURCE_DATE_EPOCH stage must use FROM scratch');
  }
  let sources = 0;
  for (const instruction of stage.instructions) {
    if (instruction.keyword === 'ARG') {
      for (const {key, value} of instruction.args) {
        if (value !== undefined) scope.set(key, expandWord(value, scope, dockerfile.escape));
      }
      continue;
    }
    checkRemoteAdd(instruction, scope, dockerfile.escape);
    sources += 1;
  }
  if (sources !== 1) {
    throw new PlanProblem('plan-epoch', 'SOURCE_DATE_EPOCH stage must contain exactly one remote ADD');
  }
}

function checkRemoteAdd(instruction: Instruction, scope: Environment, escapeCharacter: Escape): void {
  if (instruction.keyword !== 'ADD') {
    throw new PlanProblem(
      'plan-epoch',
      `SOURCE_DATE_EPOCH stage does not meet source-only requirements: unsupported ${instruction.keyword} instruction`,
    );
  }
  const [source, ...more] = instruction.sources;
  if (source === undefined || more.length > 0 || instruction.sourceHeredocs.length > 0) {
    throw new PlanProblem('plan-epoch', 'SOURCE_DATE_EPOCH stage must contain exactly one remote ADD source');
  }
  const expanded = expandWord(source, scope, escapeCharacter);
  if (!isHttpSource(expanded) && parseGitReference(expanded) === undefined) {
    throw new PlanProblem('plan-epoch', 'SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD');
  }
}
