// The only file that introduces the rooms to each other: ops to snapshots, solver to cache, sources to contexts.

import {availableParallelism} from 'node:os';
import type {InlineCache} from '../cache/inline/inline-cache.ts';
import {RecordCache} from '../cache/record-cache.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Dockerfile} from '../dockerfile/ast.ts';
import type {Vertex} from '../graph/vertex.ts';
import {StepNetworks} from '../network/step-networks.ts';
import {Contents} from '../ops/contents.ts';
import {cachesBelow} from '../ops/exec/cache-names.ts';
import {Emulation} from '../ops/exec/emulation.ts';
import {type ExecRunnerOptions, execRunner} from '../ops/exec/exec-runner.ts';
import {forgetCaches} from '../ops/exec/forgotten-caches.ts';
import {requireRunnable} from '../ops/exec/runnable-steps.ts';
import type {CacheContents} from '../ops/exec/step-mounts.ts';
import {located} from '../ops/failure.ts';
import {EarlierCopies} from '../ops/file/earlier-copy.ts';
import {fileRunner} from '../ops/file/file-runner.ts';
import {mergeRunner} from '../ops/merge/merge-runner.ts';
import {sourceRunner} from '../ops/source/source-runner.ts';
import type {Plan} from '../plan/plan.ts';
import type {EmitEvent} from '../progress/events.ts';
import {EqualLayers} from '../snapshot/equal-layers.ts';
import {LostLayer} from '../snapshot/layer-source.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {OpRunner, OpRunners, Solved} from '../solver/op-runner.ts';
import {slots} from '../solver/slots.ts';
import {type SolverOptions, solve} from '../solver/solver.ts';
import type {ImageResolver} from '../sources/image/image-resolver.ts';
import type {BuildValue} from '../sources/value.ts';
import type {SshAgents} from '../ssh/agents.ts';
import type {Observed} from '../unchanged/observed.ts';
import {assert} from '../util/assert.ts';
import {systemClock} from '../util/clock.ts';
import {FailureKeeper} from './attended/failure-keeper.ts';
import {bringLayers, solvingAgain} from './caching/lost-layers.ts';
import type {SharedCaches} from './caching/shared-caches.ts';
import type {SharedMounts} from './caching/shared-mounts.ts';
import {wantsCaches, wantsMounts} from './caching/wanted.ts';
import type {BuildContext} from './context.ts';
import type {EarlyBlobs} from './early-blobs.ts';
import type {Engine} from './engine.ts';
import {missReasons} from './explain/miss-reasons.ts';
import type {LayerSteps} from './layer-steps.ts';
import type {SourceGate} from './origin/source-gate.ts';
import type {RemoteSources} from './remote-sources.ts';
import type {BuildRequest} from './request.ts';
import type {Secrets} from './secrets.ts';

export interface Wiring {
  readonly request: BuildRequest;
  readonly engine: Engine;
  readonly observed?: Observed | undefined;
  readonly context: BuildContext;
  readonly sources: RemoteSources;
  secrets(): Promise<Secrets>;
  agents(): Promise<SshAgents>;
  readonly images: ImageResolver;
  readonly gate: SourceGate;
  readonly file: SourceFile;
  readonly dockerfile: Dockerfile;
  readonly layerSteps: LayerSteps;
  /** What cache mounts may begin with. */
  readonly cacheContents?: CacheContents | undefined;
  /** Undefined: nobody will ask for blobs. */
  readonly earlyBlobs?: EarlyBlobs | undefined;
  readonly emit: EmitEvent;
  /** Before the first step that was not found runs. */
  readonly beforeMaking?: () => Promise<void>;
}

export interface SolvedPlans {
  /** Undefined: nothing but scratch. */
  snapshotOf(plan: Plan): SnapshotId | undefined;
  /** Undefined: images are not to tell what they can be built from. */
  readonly inline: InlineCache | undefined;
  readonly executed: number;
  readonly cached: number;
}

/** Steps mostly wait for disks and networks; twice the cores keeps the cores busy without drowning them. */
const slotsPerCore = 2;

/** Solves all plans in one run, so that what several of them need is made once. */
export async function solvePlans(
  plans: readonly Plan[],
  wiring: Wiring,
  signal: AbortSignal,
): Promise<SolvedPlans> {
  const {engine} = wiring;
  const targets = plans.flatMap(({vertex}) => vertex ?? []);
  if (targets.length === 0) return {snapshotOf: () => undefined, inline: undefined, executed: 0, cached: 0};
  const warn = (diagnostic: Diagnostic): void =>
    wiring.emit({type: 'warning', diagnostic, atMs: systemClock.nowMs()});
  const mounts = await sharedMountsOf(wiring, warn, signal);
  return withSolver({...wiring, cacheContents: mounts}, async (options) => {
    const forgotten = await forgetCaches(targets, engine, signal);
    mounts?.keepFresh(forgotten);
    const shared = await sharedCachesOf(wiring, targets, options, warn, signal);
    const cache = shared?.cache ?? options.cache;
    try {
      const {results, executed, cached} = await solvingAgain(
        engine.snapshotter,
        (lost) => (shared === undefined ? warn(lostWithoutCache(lost)) : shared.giveUp(lost)),
        async () => {
          const summary = await solve(targets, {...options, cache}, signal);
          const {outputs} = wiring.request;
          if (outputs.length === 0 || outputs.some(({type}) => type !== 'cacheonly')) {
            await bringLayers(engine.snapshotter, snapshotsOf(summary.results), signal);
          }
          return summary;
        },
      );
      const snapshots = new Map(results.map(({value}, index) => [targets[index], snapshotOf(value)]));
      options.cache.flush();
      if (executed > 0) await engine.snapshotter.makeDurable(signal);
      await shared?.finish(snapshotsOf(results), false);
      await mounts?.finish(cachesBelow(targets), false, signal);
      return {snapshotOf: ({vertex}) => snapshots.get(vertex), inline: shared?.inline, executed, cached};
    } catch (error) {
      if (signal.aborted) throw error;
      // What was finished is worth having, also of a build that failed.
      await shared?.finish([], true);
      await mounts?.finish(cachesBelow(targets), true, signal);
      throw await missingTold(error, targets, wiring, signal);
    }
  });
}

/** `error` with all the files that are missing, when it is about some. Loaded only when something is wrong. */
async function missingTold(
  error: unknown,
  targets: readonly Vertex[],
  {file, context}: Wiring,
  signal: AbortSignal,
): Promise<unknown> {
  const {withMissingSources} = await import('../ops/missing-sources.ts');
  return withMissingSources(error, targets, {file, local: (name) => context.local(name)}, signal);
}

type Solving = SolverOptions<Vertex, BuildValue> & {readonly cache: RecordCache};

/** Gives `work` what the solver needs, and closes it afterwards. */
export async function withSolver<T>(wiring: Wiring, work: (options: Solving) => Promise<T>): Promise<T> {
  const {engine, emit, file} = wiring;
  const whyMissed = missReasons(engine, wiring.dockerfile, wiring.request.noCache);
  const cache = new RecordCache(engine.state.database, engine.snapshotter, systemClock, whyMissed, (ms) =>
    wiring.observed?.until(ms),
  );
  const warn = (diagnostic: Diagnostic): void =>
    emit({type: 'warning', diagnostic, atMs: systemClock.nowMs()});
  const networks = new StepNetworks({
    helper: engine.helper,
    makeDirectory: () => engine.state.makeWork(),
    discard: (directory) => engine.snapshotter.discard({directory}),
    dns: engine.config.dns,
    warn,
  });
  const emulation = new Emulation();
  const failures = new FailureKeeper(engine, wiring.request);
  const keepFailed: ExecRunnerOptions['keepFailed'] = (step, active) => failures.keep(step, active);
  const {limits} = wiring.request;
  const runners = await runnersOf(wiring, {networks, emulation, limits, warn, keepFailed});
  const placed = Object.fromEntries(
    Object.entries(runners).map(([kind, runner]) => [kind, located(runner, file)]),
  ) as OpRunners<Vertex, BuildValue>;
  const concurrency = Math.max(4, slotsPerCore * availableParallelism());
  const options: Solving = {
    runners: placed,
    cache,
    slots: slots(concurrency),
    locks: engine.state.locks,
    emit,
    clock: systemClock,
    async beforeRun(misses) {
      await requireRunnable(misses, emulation, file);
      if (misses.length > 0) await wiring.beforeMaking?.();
    },
    isInterruption: (error) => error instanceof LostLayer,
  };
  try {
    return await work(options);
  } finally {
    await networks.close();
    // Beside what exporters do.
    engine.snapshotter.tidy();
  }
}

function snapshotOf(value: BuildValue): SnapshotId | undefined {
  assert(value.type === 'snapshot', 'a plan ends in a snapshot');
  return value.snapshot;
}

function snapshotsOf(results: readonly Solved<BuildValue>[]): readonly SnapshotId[] {
  return results.map(({value}) => snapshotOf(value)).filter((snapshot) => snapshot !== undefined);
}

/** Loaded with the first build that is given a cache. */
export async function sharedCachesOf(
  {request, engine}: Pick<Wiring, 'request' | 'engine'>,
  targets: readonly Vertex[],
  {cache, runners}: Pick<Solving, 'cache' | 'runners'>,
  warn: (diagnostic: Diagnostic) => void,
  signal: AbortSignal,
): Promise<SharedCaches | undefined> {
  if (!wantsCaches(request)) return undefined;
  const {SharedCaches} = await import('./caching/shared-caches.ts');
  return new SharedCaches({request, engine, records: cache, targets, runners}, warn, signal);
}

async function sharedMountsOf(
  {request, engine}: Wiring,
  warn: (diagnostic: Diagnostic) => void,
  signal: AbortSignal,
): Promise<SharedMounts | undefined> {
  if (!wantsMounts(request)) return undefined;
  const {SharedMounts} = await import('./caching/shared-mounts.ts');
  return new SharedMounts(request, engine, warn, signal);
}

function lostWithoutCache({message}: LostLayer): Diagnostic {
  const text = `a layer that a shared cache had is lost, its step runs again: ${message}`;
  return {severity: 'warning', code: 'cache-import', message: text};
}

async function runnersOf(
  wiring: Wiring,
  exec: Pick<ExecRunnerOptions, 'networks' | 'emulation' | 'limits' | 'warn' | 'keepFailed'>,
): Promise<Record<string, OpRunner<Vertex, BuildValue>>> {
  const {request, engine, context, sources, images, gate, layerSteps} = wiring;
  const {snapshotter, helper, state, notes, fileLists} = engine;
  const equalLayers = new EqualLayers({state, snapshotter, helper});
  const earlierCopies = new EarlierCopies({state, snapshotter});
  const contents = new Contents({snapshotter, helper, notes, fileLists});
  const onLarge = (step: string, snapshot: SnapshotId): void => wiring.earlyBlobs?.offer(step, snapshot);
  // A key that cannot be used is told of before anything runs.
  if (Object.keys(request.ssh).length > 0) await wiring.agents();
  return {
    source: sourceRunner({
      snapshotter,
      chainOf: (reference, manifestDigest) => images.chainOf(reference, manifestDigest),
      async openLocal(name, signal) {
        if (context.local(name) !== undefined) gate.local(name);
        return context.open(name, signal);
      },
      http: (source, signal) => sources.http(source, signal),
      git: (source, signal) => sources.git(source, signal),
      onImage: (vertex, snapshot) => layerSteps.onImage(vertex, snapshotter, snapshot),
    }),
    exec: execRunner({
      snapshotter,
      equalLayers,
      helper,
      contents,
      locks: state.locks,
      cacheMounts: state.cacheMounts,
      cacheContents: wiring.cacheContents,
      onLarge,
      ...exec,
      secrets: await wiring.secrets(),
      stepTimeoutMs: request.stepTimeoutMs,
      agents: wiring.agents,
    }),
    file: fileRunner({snapshotter, equalLayers, helper, contents, earlierCopies, onLarge}),
    merge: mergeRunner(snapshotter),
  } as Record<string, OpRunner<Vertex, BuildValue>>;
}
