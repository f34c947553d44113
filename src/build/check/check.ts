// What can be said about a build without building: its warnings, what it takes, its targets. Planned as a build would
// plan it, base images looked up and all; nothing is solved.

import {BuildError} from '../../diagnostics/build-error.ts';
import type {SourceFile} from '../../diagnostics/source-file.ts';
import {instructionSet} from '../../instructions/index.ts';
import {type LintRun, type LintWarning, startLint} from '../../lint/lint-run.ts';
import {planBuild} from '../../plan/plan-build.ts';
import {parseRemembered, planningRemembered} from '../frontend.ts';
import {openBuild} from '../opened.ts';
import {
  copiesFromContext,
  furtherTold,
  loadingStep,
  type Planning,
  planLinted,
  planRequestsOf,
} from '../planning.ts';
import type {BuildRequest, EngineOptions} from '../request.ts';
import {type Outline, OutlineObserver} from './outline.ts';
import {type TargetDescription, targetsOf} from './targets.ts';

export interface CheckResult {
  readonly file: SourceFile;
  readonly warnings: readonly LintWarning[];
  /** What would keep the build from beginning; then there may be more warnings than were found. */
  readonly error?: BuildError;
}

/** Lints the stages that the target needs; without a target all of them. */
export async function checkBuild(
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<CheckResult> {
  return withPlanning(request, options, signal, async (planning, file) => {
    const lint: {run?: LintRun} = {};
    const onLint = (run: LintRun): void => {
      lint.run = run;
    };
    try {
      const parsed = await parseRemembered(file, planning.engine.notes);
      await planLinted(planning, parsed, {allStages: request.target === undefined}, onLint);
      if (copiesFromContext(parsed.dockerfile)) await planning.context.local('context')?.ignoreRules();
      return {file, ...outcomeOf(lint.run, lint.run?.failure())};
    } catch (thrown) {
      const error = await furtherTold(planning, file, thrown);
      if (!(error instanceof BuildError)) throw error;
      if (lint.run === undefined) onLint(await lintWhatCanBeRead(file, planning, error));
      return {file, ...outcomeOf(lint.run, error)};
    }
  });
}

export async function outlineBuild(
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<{readonly file: SourceFile; readonly outline: Outline}> {
  return withPlanning(request, options, signal, async (planning, file) => {
    const {notes} = planning.engine;
    const {dockerfile} = await parseRemembered(file, notes);
    const outline = await planningRemembered(file, notes, async () => {
      const observer = new OutlineObserver(dockerfile, request.buildArgs);
      // What a build takes is the same for each platform.
      const [first] = planRequestsOf(planning, dockerfile);
      await planBuild({...first, observer}, instructionSet);
      return observer.outlineFor(request.target);
    });
    return {file, outline};
  });
}

export async function listTargets(
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<{readonly file: SourceFile; readonly targets: readonly TargetDescription[]}> {
  return withPlanning(request, options, signal, async ({engine}, file) => {
    const {dockerfile} = await parseRemembered(file, engine.notes);
    return {file, targets: targetsOf(dockerfile)};
  });
}

function outcomeOf(
  run: LintRun | undefined,
  error: BuildError | undefined,
): Pick<CheckResult, 'warnings' | 'error'> {
  return {warnings: run?.warnings() ?? [], ...(error === undefined ? {} : {error})};
}

/** A file that does not parse is linted as far as it was read. Throws `error` when options are what is wrong. */
async function lintWhatCanBeRead(file: SourceFile, planning: Planning, error: BuildError): Promise<LintRun> {
  const {parseWithReaders} = await import('../../instructions/readers.ts');
  const {partial, dockerfile, diagnostics} = parseWithReaders(file);
  if (dockerfile !== undefined) throw error;
  const parserWarnings = diagnostics.filter(({severity}) => severity === 'warning');
  const [first] = planRequestsOf(planning, partial);
  return startLint({...first, parserWarnings});
}

async function withPlanning<T>(
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
  work: (planning: Planning, file: SourceFile) => Promise<T>,
): Promise<T> {
  await using opened = await openBuild(request, options, signal);
  const file = await opened.reporter.step(loadingStep(request), () => opened.context.dockerfile());
  return await work(opened, file);
}
