// The file system of a step of a Dockerfile, built as far as that step needs.

import {setMaxListeners} from 'node:events';
import {BuildError} from '../../diagnostics/build-error.ts';
import {instructionSet} from '../../instructions/index.ts';
import {planBuild} from '../../plan/plan-build.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import {systemClock} from '../../util/clock.ts';
import type {Engine} from '../engine.ts';
import {parseRemembered, planningRemembered} from '../frontend.ts';
import {LayerSteps} from '../layer-steps.ts';
import {type Opened, openBuild} from '../opened.ts';
import {loadingStep, planRequestsOf} from '../planning.ts';
import type {BuildRequest, EngineOptions} from '../request.ts';
import {solvePlans, type Wiring} from '../wiring.ts';
import type {StepAddress} from './step-address.ts';
import {type StageAtStep, StepFinder} from './step-finder.ts';

export interface StateAtStep extends AsyncDisposable {
  readonly engine: Engine;
  readonly step: StageAtStep;
  /** Undefined: no file at all. */
  readonly snapshot: SnapshotId | undefined;
}

/** It is the step that was asked for that failed, and not one before it: what it had written is kept. */
export class AskedStepFailed extends BuildError {
  readonly step: string;

  constructor(step: string, {kind, diagnostics, cause}: BuildError) {
    super(kind, diagnostics, {cause});
    this.step = step;
  }
}

/** To be disposed of, which closes the engine. Throws BuildError when the build fails or there is no such step. */
export async function stateAtStep(
  address: StepAddress,
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<StateAtStep> {
  setMaxListeners(0, signal);
  const layerSteps = new LayerSteps(options.emit, systemClock);
  const opened = await openBuild(request, options, signal, (event) => layerSteps.onProgress(event));
  try {
    return {
      ...(await solvedStep(address, opened, {layerSteps, emit: options.emit}, signal)),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

async function solvedStep(
  address: StepAddress,
  opened: Opened,
  shown: Pick<Wiring, 'layerSteps' | 'emit'>,
  signal: AbortSignal,
): Promise<Omit<StateAtStep, keyof AsyncDisposable>> {
  const {engine, reporter, context, request} = opened;
  const file = await reporter.step(loadingStep(request), () => context.dockerfile());
  const {dockerfile} = await parseRemembered(file, engine.notes);
  const [wanted] = planRequestsOf(opened, dockerfile);
  const {target: _, ...untargeted} = wanted;
  const {plan, step} = await planningRemembered(file, engine.notes, async () => {
    const finder = new StepFinder(address, dockerfile);
    const {target, allStages = false} = finder.target;
    const whole = {...untargeted, ...(target === undefined ? {} : {target}), allStages, observer: finder};
    return {plan: await planBuild(whole, instructionSet), step: finder.result()};
  });
  const {vertex: __, ...rest} = plan;
  const stepPlan = step.vertex === undefined ? rest : {...rest, vertex: step.vertex};
  try {
    const {snapshotOf} = await solvePlans([stepPlan], {...opened, file, dockerfile, ...shown}, signal);
    return {engine, step, snapshot: snapshotOf(stepPlan)};
  } catch (error) {
    if (!(error instanceof BuildError) || error.kind !== 'step') throw error;
    const line = error.diagnostics[0].span?.line;
    if (line === undefined || line !== step.vertex?.origin.span?.line) throw error;
    throw new AskedStepFailed(step.vertex.origin.name, error);
  }
}
