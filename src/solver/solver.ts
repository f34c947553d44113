// The scheduler: demand-driven from its targets, each vertex at most once, cached results before work. It knows no
// Dockerfile, no container, no tar. In two passes that share their answers:
//   look up: keys from the sources upward, without making anything; a vertex that hits needs nothing below it;
//   solve:   what missed waits for its inputs (outside any slot), is keyed again by their real results, then runs.

import {setMaxListeners} from 'node:events';
import type {LockSpace} from '../store/lock.ts';
import {type Deferred, deferred} from '../util/deferred.ts';
import {
  contentKeyOf,
  definitionKeyOf,
  freshResultKey,
  inputsOf,
  isContentKeyed,
  type KnownInput,
} from './keys.ts';
import {type Foreseen, type Keys, type KnownAhead, type Miss, type Missed, nothingKnown} from './look-up.ts';
import {LookUps} from './look-ups.ts';
import {askedStep, ingredientsOf, missedStep} from './missed-step.ts';
import type {CacheMap, OpRunner, OpRunners, Solved, SolverGraph} from './op-runner.ts';
import {prioritiesOf} from './priorities.ts';
import {type Made, Recorder, recorded} from './recorder.ts';
import type {AskedStep, ResultCache} from './result-cache.ts';
import type {Slots} from './slots.ts';
import {StepEvents, type StepEventsOptions} from './step-events.ts';
import {StepReport} from './step-report.ts';

export interface SolverOptions<V extends SolverGraph<V>, R> extends StepEventsOptions {
  readonly runners: OpRunners<V, R>;
  readonly cache: ResultCache<R>;
  readonly slots: Slots;
  readonly locks: LockSpace;
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
    throw signal.aborted ? signal.reason : (job.events.firstFailure ?? error);
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
  readonly #maps = new Map<string, CacheMap<R>>();
  readonly #lookUps: LookUps<V, R>;
  readonly #solved = new Map<string, Promise<Solved<R>>>();
  /** Equal keys of different vertices (two stages with the same steps) run once. */
  readonly recorder: Recorder<Solved<R> | undefined>;
  readonly events: StepEvents;
  /** Of steps that run or have run, what their results will be known by: when they are under way. */
  readonly #begun = new Map<string, Deferred<Promise<KnownInput<R>>>>();
  readonly #ran = new Set<string>();
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
    this.events = new StepEvents(options, signal);
    this.#lookUps = new LookUps({
      signal,
      runnerOf: (vertex) => this.#runnerOf(vertex),
      mapOf: (vertex) => this.#mapOf(vertex),
      hit: (vertex, key, asked) => this.#hit(vertex, key, asked),
      resultKeyOf: async (key) => options.cache.resultKeyOf?.(key),
      save: (keys, vertex, map, parts, solved) => this.#saveUnder(keys, vertex, map, parts, solved),
      reportingFailure: (vertex, work) => this.#reportingFailure(vertex, work),
    });
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
      const {hit, missed} = await this.#lookUps.of(vertex);
      if (hit !== undefined) return;
      for (const input of vertex.inputs) await visit(input);
      const known = missed !== undefined || vertex.origin.ignoreCache === true;
      const isSure = (): boolean => known || !this.#options.cache.knowsOp(this.#mapOf(vertex).opKey);
      found.push({vertex, isSure});
    };
    await Promise.all(targets.map((target) => this.#lookUps.of(target)));
    for (const target of targets) await visit(target);
    return found;
  }

  async survey(targets: readonly V[]): Promise<readonly Foreseen<V, R>[]> {
    await Promise.all(targets.map((target) => this.#lookUps.of(target)));
    const found = new Map<string, Foreseen<V, R>>();
    const visit = async (vertex: V): Promise<void> => {
      if (found.has(vertex.id)) return;
      const {hit, missed = nothingKnown} = await this.#lookUps.of(vertex);
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
      const map = this.#mapOf(vertex);
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
    const {hit, missed} = await this.#lookUps.of(vertex);
    if (hit !== undefined) return hit;
    const inputs = Promise.all(vertex.inputs.map((input) => this.solve(input)));
    return (await this.#solveAhead(vertex, inputs)) ?? this.#solveAfter(vertex, missed, await inputs);
  }

  /**
   * All that a step needs besides its inputs is done while the last of them are being made (docs/adr/0027). Undefined:
   * its key cannot be foreseen, or is another one. Nobody who runs waits for the lock of a step, so whoever has one and
   * waits for those who run does not wait for ever.
   */
  async #solveAhead(vertex: V, coming: Promise<readonly Solved<R>[]>): Promise<Solved<R> | undefined> {
    const map = this.#mapOf(vertex);
    const {cache} = this.#options;
    if (vertex.origin.ignoreCache === true || isContentKeyed(map) || cache.looksAtInputs === true)
      return undefined;
    coming.catch(() => {});
    const keys = await this.#keysOf(
      map,
      await Promise.all(
        vertex.inputs.map((input) => Promise.race([this.solve(input), this.#begunOf(input).promise])),
      ),
    );
    const {primary: key, parts} = keys;
    if (key === undefined) return undefined;
    return this.#once(vertex, key, async (wanted) => {
      const found = await cache.find(key, vertex.id);
      const known = found === undefined && {
        why: await this.#whyMissed(vertex, map, keys),
        isTaken: this.#isTaken(keys),
      };
      // Whoever has the inputs already is not to wait for ours.
      const inputs = await Promise.race([coming, wanted]);
      this.#signal.throwIfAborted();
      if (!inputs?.every((input, index) => input.key === parts[index])) return {result: undefined};
      if (known !== false) return this.#execute(vertex, map, inputs, keys, known);
      return {result: this.#told(vertex, key, found)};
    });
  }

  async #solveAfter(vertex: V, missed: Keys | undefined, inputs: readonly Solved<R>[]): Promise<Solved<R>> {
    this.#signal.throwIfAborted();
    const map = this.#mapOf(vertex);
    if (vertex.origin.ignoreCache === true) {
      return recorded(await this.#execute(vertex, map, inputs, nothingKnown));
    }
    const keys = await this.#reportingFailure(vertex, () => this.#keysOf(map, inputsOf(inputs)));
    const asked = askedStep(vertex, map, keys.parts, inputsOf(inputs));
    // What was looked for under this very key is looked for again under its lock only.
    const isNew = keys.primary === undefined || keys.primary !== missed?.primary;
    const hit = isNew ? await this.#find(vertex, keys, asked) : undefined;
    if (hit !== undefined) return hit;
    if (keys.primary === undefined) return recorded(await this.#execute(vertex, map, inputs, keys));
    for (;;) {
      const result = await this.#once(vertex, keys.primary, async () => {
        const found = await this.#find(vertex, keys, asked);
        return found === undefined ? this.#execute(vertex, map, inputs, keys) : {result: found};
      });
      // Undefined: of somebody who had foreseen this key, and has another one.
      if (result !== undefined) return result;
    }
  }

  /** Under the lock of `key`, and once for all who ask at the same time. */
  async #once(
    vertex: V,
    key: string,
    work: (wanted: Promise<undefined>) => Promise<Made<Solved<R> | undefined>>,
  ): Promise<Solved<R> | undefined> {
    let isJoined = false;
    const result = await this.recorder.locked(key, work, (whom) => {
      isJoined ||= whom === 'own';
      this.events.waiting(vertex, whom);
    });
    return isJoined ? this.#told(vertex, key, result) : result;
  }

  #begunOf({id}: V): Deferred<Promise<KnownInput<R>>> {
    const begun = this.#begun.get(id) ?? deferred<Promise<KnownInput<R>>>();
    this.#begun.set(id, begun);
    return begun;
  }

  /** A step may fail before it runs: a file that it copies is not there. */
  async #reportingFailure<T>(vertex: V, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#signal.aborted) this.events.ended(vertex, error);
      throw error;
    }
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

  async #find(vertex: V, keys: Keys, asked?: AskedStep<R>): Promise<Solved<R> | undefined> {
    for (const key of keys.all) {
      const hit = await this.#hit(vertex, key, key === keys.primary ? asked : undefined);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  async #hit(vertex: V, key: string, asked?: AskedStep<R>): Promise<Solved<R> | undefined> {
    return this.#told(vertex, key, await this.#options.cache.find(key, vertex.id, asked));
  }

  #told<T extends Solved<R> | undefined>(vertex: V, key: string, hit: T): T {
    if (hit !== undefined && this.events.found(vertex, key, hit.usage)) this.cached++;
    return hit;
  }

  async #execute(
    vertex: V,
    map: CacheMap<R>,
    inputs: readonly Solved<R>[],
    missed: Keys,
    known: KnownAhead = {},
  ): Promise<Made<Solved<R>>> {
    const why = known.why ?? (await this.#whyMissed(vertex, map, missed));
    const {value, report} = await this.#options.slots.run(() => this.#run(vertex, inputs, why), {
      priority: this.#priorities.get(vertex.id) ?? 0,
      signal: this.#signal,
    });
    // Without a slot: caches are asked here.
    const before = await this.#reportingFailure(vertex, () =>
      report.keyBefore(value, inputs[map.base ?? -1]?.key, this.#options.cache),
    );
    const {usage, isVolatile, isUnchanged} = report;
    this.events.done(vertex, isUnchanged, usage);
    const made = {value, ...(usage && {usage})};
    const isKnown = missed.primary !== undefined && !isContentKeyed(map);
    const keys = isKnown ? missed : await this.#keysOf(map, inputsOf(inputs));
    if (keys.primary === undefined) return {result: {...made, key: before}};
    if (isVolatile) return {result: {...made, key: before ?? freshResultKey(keys.primary)}};
    const freeKey = (): string =>
      (known.isTaken ?? this.#isTaken(keys)) ? freshResultKey(keys.primary ?? '') : (keys.primary ?? '');
    const result = {...made, key: before ?? freeKey()};
    return {result, record: () => this.#saveUnder(keys.all, vertex, map, keys.parts, result)};
  }

  #isTaken({all}: Keys): boolean {
    return all.some((key) => this.#options.cache.has(key));
  }

  async #run(vertex: V, inputs: readonly Solved<R>[], why: Missed): Promise<{value: R; report: StepReport}> {
    const runner = this.#runnerOf(vertex);
    const {emit, clock} = this.#options;
    const report = new StepReport(vertex.id, this.#signal, emit, clock);
    this.events.started(vertex, why);
    this.#ran.add(vertex.id);
    setImmediate(() => this.#begunOf(vertex).resolve(this.#likely(vertex, runner, inputs, why)));
    try {
      const value = await runner.exec(vertex, valuesOf(inputs), report.context);
      this.executed++;
      return {value, report};
    } catch (error) {
      this.events.ended(vertex, error, report.usage);
      throw error;
    }
  }

  /** The key that a step's result is going to have, most likely. */
  async #likely(
    vertex: V,
    runner: OpRunner<V, R>,
    inputs: readonly Solved<R>[],
    {key}: Missed,
  ): Promise<KnownInput<R>> {
    try {
      const value = await runner.ifUnchanged?.(vertex, valuesOf(inputs));
      return {key: (value === undefined ? undefined : this.#options.cache.keyOf?.(value)) ?? key};
    } catch {
      return {key};
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

  /** Asked for more than once, and to be told from canonical JSON. */
  #mapOf(vertex: V): CacheMap<R> {
    let map = this.#maps.get(vertex.id);
    if (map === undefined) {
      map = this.#runnerOf(vertex).cacheMap(vertex);
      this.#maps.set(vertex.id, map);
    }
    return map;
  }

  #runnerOf(vertex: V): OpRunner<V, R> {
    const runner = this.#options.runners[vertex.op.kind];
    if (runner === undefined) throw new TypeError(`no runner for op ${vertex.op.kind}`);
    return runner;
  }
}

function valuesOf<R>(solved: readonly Solved<R>[]): readonly R[] {
  return solved.map(({value}) => value);
}
