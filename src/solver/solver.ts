// The scheduler: demand-driven from its targets, each vertex at most once, cached results before work. It knows no
// Dockerfile, no container, no tar. In two passes that share their answers:
//   look up: keys from the sources upward, without making anything; a vertex that hits needs nothing below it;
//   solve:   what missed waits for its inputs (outside any slot), is keyed again by their real results, then runs.

import {setMaxListeners} from 'node:events';
import type {EmitEvent, StepUsage} from '../progress/events.ts';
import type {LockSpace} from '../store/lock.ts';
import type {Clock} from '../util/clock.ts';
import {errorText} from '../util/error-text.ts';
import {SingleFlight} from '../util/single-flight.ts';
import {
  contentKeyOf,
  definitionKeyOf,
  definitionPartsOf,
  freshResultKey,
  inputsOf,
  isContentKeyed,
  type KnownInput,
} from './keys.ts';
import {type Foreseen, type Keys, type LookUp, type Miss, type Missed, nothingKnown} from './look-up.ts';
import {askedStep, ingredientsOf, missedStep} from './missed-step.ts';
import type {CacheMap, OpRunner, OpRunners, Solved, SolverGraph} from './op-runner.ts';
import {prioritiesOf} from './priorities.ts';
import {type Made, Recorder, recorded} from './recorder.ts';
import type {AskedStep, ResultCache} from './result-cache.ts';
import type {Slots} from './slots.ts';
import {StepReport} from './step-report.ts';

export interface SolverOptions<V extends SolverGraph<V>, R> {
  readonly runners: OpRunners<V, R>;
  readonly cache: ResultCache<R>;
  readonly slots: Slots;
  readonly locks: LockSpace;
  readonly emit: EmitEvent;
  readonly clock: Clock;
  /** Failures that the caller makes good by solving again: the step is shown as interrupted. */
  readonly isInterruption?: (error: unknown) => boolean;
  /** Told of every vertex that was not found, inputs first, when nothing has begun yet. May throw. */
  readonly beforeRun?: (misses: readonly Miss<V>[]) => Promise<void>;
}

export interface SolveSummary<R> {
  /** In the order of the targets. */
  readonly results: readonly Solved<R>[];
  readonly executed: number;
  readonly cached: number;
}

/** Solves `targets`. After the first failure everything else is cancelled and awaited, then that failure is thrown. */
export async function solve<V extends SolverGraph<V>, R>(
  targets: readonly V[],
  options: SolverOptions<V, R>,
  signal: AbortSignal,
): Promise<SolveSummary<R>> {
  const controller = new AbortController();
  const either = AbortSignal.any([signal, controller.signal]);
  // Every running step listens: as many as there are vertices, which is no leak.
  setMaxListeners(0, either);
  const job = new Job(options, either, prioritiesOf(targets), (error) => controller.abort(error));
  try {
    if (options.beforeRun !== undefined) await options.beforeRun(await job.misses(targets));
    const results = await Promise.all(targets.map((target) => job.solve(target)));
    await job.recorder.finish();
    return {results, executed: job.executed, cached: job.cached};
  } catch (error) {
    controller.abort(error);
    await job.settled();
    throw signal.aborted ? signal.reason : (job.firstFailure ?? error);
  }
}

/** Every vertex that would be asked for, inputs first; below one that is found nothing is. */
export async function survey<V extends SolverGraph<V>, R>(
  targets: readonly V[],
  options: SolverOptions<V, R>,
  signal: AbortSignal,
): Promise<readonly Foreseen<V, R>[]> {
  return new Job(options, signal, new Map(), () => {}).survey(targets);
}

class Job<V extends SolverGraph<V>, R> {
  readonly #options: SolverOptions<V, R>;
  readonly #signal: AbortSignal;
  readonly #priorities: ReadonlyMap<string, number>;
  readonly #lookUps = new Map<string, Promise<LookUp<R>>>();
  readonly #solved = new Map<string, Promise<Solved<R>>>();
  /** Equal keys of different vertices (two stages with the same steps) run once. */
  readonly #byKey = new SingleFlight<string, Solved<R>>();
  readonly recorder: Recorder;
  readonly #reported = new Set<string>();
  readonly #ran = new Set<string>();
  firstFailure: unknown;
  executed = 0;
  cached = 0;

  constructor(
    options: SolverOptions<V, R>,
    signal: AbortSignal,
    priorities: ReadonlyMap<string, number>,
    onLost: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#signal = signal;
    this.#priorities = priorities;
    this.recorder = new Recorder(options.locks, signal, onLost);
  }

  solve(vertex: V): Promise<Solved<R>> {
    let promise = this.#solved.get(vertex.id);
    if (promise === undefined) {
      promise = this.#solve(vertex);
      this.#solved.set(vertex.id, promise);
      // A failure is thrown to whoever waits; nobody may be waiting yet.
      promise.catch(() => {});
    }
    return promise;
  }

  async misses(targets: readonly V[]): Promise<readonly Miss<V>[]> {
    const found: Miss<V>[] = [];
    const seen = new Set<string>();
    const visit = async (vertex: V): Promise<void> => {
      if (seen.has(vertex.id)) return;
      seen.add(vertex.id);
      const {hit, missed} = await this.#lookUp(vertex);
      if (hit !== undefined) return;
      for (const input of vertex.inputs) await visit(input);
      const known = missed !== undefined || vertex.origin.ignoreCache === true;
      const isSure = (): boolean =>
        known || !this.#options.cache.knowsOp(this.#runnerOf(vertex).cacheMap(vertex).opKey);
      found.push({vertex, isSure});
    };
    await Promise.all(targets.map((target) => this.#lookUp(target)));
    for (const target of targets) await visit(target);
    return found;
  }

  async survey(targets: readonly V[]): Promise<readonly Foreseen<V, R>[]> {
    await Promise.all(targets.map((target) => this.#lookUp(target)));
    const found = new Map<string, Foreseen<V, R>>();
    const visit = async (vertex: V): Promise<void> => {
      if (found.has(vertex.id)) return;
      const {hit, missed = nothingKnown} = await this.#lookUp(vertex);
      if (hit !== undefined) {
        found.set(vertex.id, {vertex, state: 'hit', hit});
        return;
      }
      for (const input of vertex.inputs) await visit(input);
      this.#ran.add(vertex.id);
      const isSure = missed.primary !== undefined || vertex.origin.ignoreCache === true;
      if (!isSure) {
        found.set(vertex.id, {vertex, state: 'unknown'});
        return;
      }
      const map = this.#runnerOf(vertex).cacheMap(vertex);
      found.set(vertex.id, {vertex, state: 'miss', ...(await this.#whyMissed(vertex, map, missed))});
    };
    for (const target of targets) await visit(target);
    return [...found.values()];
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#solved.values());
    await this.recorder.settled();
  }

  async #solve(vertex: V): Promise<Solved<R>> {
    const lookUp = await this.#lookUp(vertex);
    if (lookUp.hit !== undefined) return lookUp.hit;
    const inputs = await Promise.all(vertex.inputs.map((input) => this.solve(input)));
    this.#signal.throwIfAborted();
    const runner = this.#runnerOf(vertex);
    const map = runner.cacheMap(vertex);
    if (vertex.origin.ignoreCache === true) {
      return recorded(await this.#execute(vertex, runner, map, inputs, nothingKnown));
    }
    const keys = await this.#reportingFailure(vertex, () => this.#keysOf(map, inputsOf(inputs)));
    const asked = askedStep(vertex, map, keys.parts, inputsOf(inputs));
    // What was looked for under this very key is looked for again under its lock only.
    const isNew = keys.primary === undefined || keys.primary !== lookUp.missed?.primary;
    const hit = isNew ? await this.#find(vertex, keys, asked) : undefined;
    if (hit !== undefined) return hit;
    if (keys.primary === undefined) return recorded(await this.#execute(vertex, runner, map, inputs, keys));
    const key = keys.primary;
    return this.#byKey.run(key, () =>
      this.recorder.locked(
        key,
        async () => {
          const result = await this.#find(vertex, keys, asked);
          return result === undefined ? this.#execute(vertex, runner, map, inputs, keys) : {result};
        },
        () => this.#note(vertex, 'waiting for another tsbuild that runs this step'),
      ),
    );
  }

  #lookUp(vertex: V): Promise<LookUp<R>> {
    let promise = this.#lookUps.get(vertex.id);
    if (promise === undefined) {
      promise = this.#doLookUp(vertex);
      this.#lookUps.set(vertex.id, promise);
    }
    return promise;
  }

  async #doLookUp(vertex: V): Promise<LookUp<R>> {
    const runner = this.#runnerOf(vertex);
    if (runner.open !== undefined) {
      const hit = await runner.open(vertex, this.#signal);
      return {hit};
    }
    const inputs = await Promise.all(vertex.inputs.map((input) => this.#lookUp(input)));
    // A step that is told to run gets a key that cannot be foreseen, and so do all who build on it.
    if (vertex.origin.ignoreCache === true) return {};
    const known = inputs.map(
      ({hit, predictedKey}): KnownInput<R> =>
        hit === undefined ? {key: predictedKey} : {key: hit.key, value: hit.value},
    );
    const map = runner.cacheMap(vertex);
    return this.#reportingFailure(vertex, () => this.#lookUpKeys(vertex, map, known));
  }

  async #lookUpKeys(vertex: V, map: CacheMap<R>, known: readonly KnownInput<R>[]): Promise<LookUp<R>> {
    const definition = definitionKeyOf(map, known);
    const parts = definitionPartsOf(map, known) ?? [];
    const asked = askedStep(vertex, map, parts, known);
    if (definition !== undefined) {
      const hit = await this.#hit(vertex, definition, isContentKeyed(map) ? undefined : asked);
      if (hit !== undefined) return {hit};
      const missed = {all: [definition], primary: definition, parts};
      if (!isContentKeyed(map)) return {predictedKey: await this.#foreseenKey(definition), missed};
    }
    const content = await contentKeyOf(map, known, this.#signal);
    if (content === undefined) {
      if (definition === undefined) return {};
      const hit = await this.#hit(vertex, definition, asked);
      if (hit !== undefined) return {hit};
      return {predictedKey: await this.#options.cache.resultKeyOf?.(definition)};
    }
    const hit = await this.#hit(vertex, content.key, askedStep(vertex, map, content.parts, known));
    const all = definition === undefined ? [content.key] : [content.key, definition];
    const missed = {all, primary: content.key, parts: content.parts};
    if (hit === undefined) return {predictedKey: await this.#foreseenKey(content.key), missed};
    if (definition !== undefined) await this.#saveUnder([definition], vertex, map, content.parts, hit);
    return {hit};
  }

  /** What is built on a result may be found though the result itself is gone. */
  async #foreseenKey(key: string): Promise<string> {
    return (await this.#options.cache.resultKeyOf?.(key)) ?? key;
  }

  /** A step may fail before it runs: a file that it copies is not there. */
  async #reportingFailure<T>(vertex: V, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#signal.aborted) this.#end(vertex, error);
      throw error;
    }
  }

  /** Tells how a step that failed or was cancelled has ended. */
  #end(vertex: V, error: unknown, usage?: StepUsage): void {
    const {emit, isInterruption} = this.#options;
    if (!this.#signal.aborted) this.firstFailure ??= error;
    if (this.#signal.aborted || isInterruption?.(error) === true) {
      emit({...this.#finished(vertex), outcome: 'canceled'});
      return;
    }
    emit({...this.#finished(vertex), outcome: 'error', error: errorText(error), ...(usage && {usage})});
  }

  /** Both keys of a vertex whose inputs are solved. */
  async #keysOf(map: CacheMap<R>, inputs: readonly KnownInput<R>[]): Promise<Keys> {
    const definition = definitionKeyOf(map, inputs);
    if (!isContentKeyed(map)) {
      const parts = inputs.map((input) => input.key ?? '');
      return {all: definition === undefined ? [] : [definition], primary: definition, parts};
    }
    const content = await contentKeyOf(map, inputs, this.#signal);
    const all = [content?.key, definition].filter((key) => key !== undefined);
    return {all, primary: content?.key, parts: content?.parts ?? []};
  }

  async #find(vertex: V, keys: Keys, asked: AskedStep<R>): Promise<Solved<R> | undefined> {
    for (const key of keys.all) {
      const hit = await this.#hit(vertex, key, key === keys.primary ? asked : undefined);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  async #hit(vertex: V, key: string, asked?: AskedStep<R>): Promise<Solved<R> | undefined> {
    const hit = await this.#options.cache.find(key, vertex.id, asked);
    if (hit === undefined || this.#reported.has(vertex.id)) return hit;
    this.#reported.add(vertex.id);
    this.cached++;
    const {usage} = hit;
    this.#options.emit({...this.#finished(vertex), outcome: 'cached', key, ...(usage && {usage})});
    return hit;
  }

  async #execute(
    vertex: V,
    runner: OpRunner<V, R>,
    map: CacheMap<R>,
    inputs: readonly Solved<R>[],
    missed: Keys,
  ): Promise<Made<Solved<R>>> {
    const why = await this.#whyMissed(vertex, map, missed);
    const {value, report} = await this.#options.slots.run(() => this.#run(vertex, runner, inputs, why), {
      priority: this.#priorities.get(vertex.id) ?? 0,
      signal: this.#signal,
    });
    // Without a slot: caches are asked here.
    const before = await this.#reportingFailure(vertex, () =>
      report.keyBefore(value, inputs[map.base ?? -1]?.key, this.#options.cache),
    );
    const {usage, isVolatile, isUnchanged} = report;
    const more = {...(isUnchanged && {unchanged: true as const}), ...(usage && {usage})};
    this.#options.emit({...this.#finished(vertex), outcome: 'done', ...more});
    const made = {value, ...(usage && {usage})};
    const keys = await this.#keysOf(map, inputsOf(inputs));
    if (keys.primary === undefined) return {result: {...made, key: before}};
    if (isVolatile) return {result: {...made, key: before ?? freshResultKey(keys.primary)}};
    const taken = keys.all.some((key) => this.#options.cache.has(key));
    const result = {...made, key: before ?? (taken ? freshResultKey(keys.primary) : keys.primary)};
    return {result, record: () => this.#saveUnder(keys.all, vertex, map, keys.parts, result)};
  }

  async #run(
    vertex: V,
    runner: OpRunner<V, R>,
    inputs: readonly Solved<R>[],
    why: Missed,
  ): Promise<{value: R; report: StepReport}> {
    const {emit, clock} = this.#options;
    const step = vertex.id;
    const name = vertex.origin.name;
    const report = new StepReport(step, this.#signal, emit, clock);
    this.#reported.add(vertex.id);
    emit({type: 'step-started', step, name, atMs: clock.nowMs(), ...why});
    this.#ran.add(vertex.id);
    try {
      const value = await runner.exec(
        vertex,
        inputs.map((input) => input.value),
        report.context,
      );
      this.executed++;
      return {value, report};
    } catch (error) {
      this.#end(vertex, error, report.usage);
      throw error;
    }
  }

  async #whyMissed(vertex: V, map: CacheMap<R>, {all, parts, primary}: Keys): Promise<Missed> {
    const missed = missedStep(vertex, map, {all, parts}, (id) => this.#ran.has(id));
    const miss = await this.#options.cache.whyMissed?.(missed);
    return {...(miss && {miss}), ...(primary !== undefined && {key: primary})};
  }

  async #saveUnder(
    keys: readonly string[],
    vertex: V,
    map: CacheMap<R>,
    parts: readonly string[],
    solved: Solved<R>,
  ): Promise<void> {
    if (solved.key === undefined) return;
    await this.#options.cache.save(keys, {
      result: {...solved, key: solved.key},
      name: vertex.origin.name,
      ingredients: ingredientsOf(vertex, map, parts),
    });
  }

  #finished({id, origin}: V) {
    const atMs = this.#options.clock.nowMs();
    return {type: 'step-finished', step: id, name: origin.name, atMs} as const;
  }

  #note({id, origin}: V, text: string): void {
    const atMs = this.#options.clock.nowMs();
    this.#options.emit({type: 'step-note', step: id, name: origin.name, text, atMs});
  }

  #runnerOf(vertex: V): OpRunner<V, R> {
    const runner = this.#options.runners[vertex.op.kind];
    if (runner === undefined) throw new TypeError(`no runner for op ${vertex.op.kind}`);
    return runner;
  }
}
