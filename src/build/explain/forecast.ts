// A build that is not done: which steps would be found, which would run and why, what would be fetched, and how long
// it would take, as far as earlier builds tell.

import type {Vertex} from '../../graph/vertex.ts';
import {criticalPathOf} from '../../history/critical-path.ts';
import {HistoryStore} from '../../history/history-store.ts';
import {PastTimes} from '../../history/past-times.ts';
import type {MissReason} from '../../progress/events.ts';
import type {Snapshotter} from '../../snapshot/snapshotter.ts';
import type {Foreseen} from '../../solver/look-up.ts';
import {survey} from '../../solver/solver.ts';
import type {BuildValue} from '../../sources/value.ts';
import {systemClock} from '../../util/clock.ts';
import {LayerSteps} from '../layer-steps.ts';
import {openBuild} from '../opened.ts';
import {planRequest} from '../planning.ts';
import type {BuildRequest, EngineOptions} from '../request.ts';
import {sharedCachesOf, withSolver} from '../wiring.ts';

export type ForecastState = 'hit' | 'miss' | 'unknown' | 'pull';

export interface ForecastStep {
  readonly name: string;
  readonly stage?: string;
  readonly line?: number;
  readonly state: ForecastState;
  /** Of a miss. */
  readonly miss?: MissReason;
  /** Places in the list. */
  readonly inputs: readonly number[];
  /** Of what would run or may run, when it ran before. */
  readonly expectedMs?: number;
}

export interface Forecast {
  /** Inputs first. */
  readonly steps: readonly ForecastStep[];
  /** Of what would or may run; as long as the build would take with enough processors. */
  readonly criticalPath: {readonly steps: readonly number[]; readonly durationMs: number};
}

export async function forecast(
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<Forecast> {
  const layerSteps = new LayerSteps(() => {}, systemClock);
  await using opened = await openBuild(request, options, signal);
  const {engine} = opened;
  const {file, dockerfile, plans} = await planRequest(opened, options.emit);
  const targets = plans.flatMap(({vertex}) => vertex ?? []);
  // What is found on the way is part of the answer, and told there.
  const wiring = {...opened, file, dockerfile, layerSteps, emit: () => {}};
  const found = await withSolver(wiring, async (solving) => {
    // Asked, as a build would; what they say of a miss is part of its reason.
    const asking = {engine, request: {...request, cacheTo: []}};
    const shared = await sharedCachesOf(asking, targets, solving, () => {}, signal);
    return survey(targets, {...solving, cache: shared?.cache ?? solving.cache}, signal);
  });
  return forecastOf(found, engine.snapshotter, new PastTimes(new HistoryStore(engine.state.root)));
}

function forecastOf(
  found: readonly Foreseen<Vertex, BuildValue>[],
  snapshotter: Snapshotter,
  past: PastTimes,
): Forecast {
  const numbers = new Map(found.map(({vertex}, index) => [vertex.id, index]));
  const steps = found.map((each): ForecastStep => {
    const {name, stage, span} = each.vertex.origin;
    const state = each.vertex.op.kind === 'source' ? stateOf(each, snapshotter) : each.state;
    const expectedMs = state === 'hit' ? undefined : past.expectedMs(name);
    return {
      name,
      ...(stage === undefined ? {} : {stage}),
      ...(span === undefined ? {} : {line: span.line}),
      state,
      ...(each.miss === undefined ? {} : {miss: each.miss}),
      inputs: each.vertex.inputs.flatMap(({id}) => numbers.get(id) ?? []),
      ...(expectedMs === undefined ? {} : {expectedMs}),
    };
  });
  const timed = steps.map(({inputs, expectedMs = 0}) => ({inputs, durationMs: expectedMs}));
  return {steps, criticalPath: criticalPathOf(timed)};
}

/** An image is always known; what counts is whether its files are here. */
function stateOf({state, hit}: Foreseen<Vertex, BuildValue>, snapshotter: Snapshotter): ForecastState {
  const value = hit?.value;
  if (state !== 'hit' || value?.type !== 'snapshot' || value.snapshot === undefined) return state;
  return snapshotter.isUnpacked(value.snapshot) ? 'hit' : 'pull';
}
