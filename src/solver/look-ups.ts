// The first of the solver's two passes: keys from the sources upward, and what is recorded under them. Nothing is made.

import {contentKeyOf, definitionKeyOf, definitionPartsOf, isContentKeyed, type KnownInput} from './keys.ts';
import type {LookUp} from './look-up.ts';
import {askedStep} from './missed-step.ts';
import type {CacheMap, OpRunner, Solved, SolverGraph} from './op-runner.ts';
import type {AskedStep} from './result-cache.ts';

/** What both passes have together. */
export interface LookUpWork<V extends SolverGraph<V>, R> {
  readonly signal: AbortSignal;
  runnerOf(vertex: V): Pick<OpRunner<V, R>, 'open'>;
  mapOf(vertex: V): CacheMap<R>;
  hit(vertex: V, key: string, asked?: AskedStep<R>): Promise<Solved<R> | undefined>;
  resultKeyOf(key: string): Promise<string | undefined>;
  save(
    keys: readonly string[],
    vertex: V,
    map: CacheMap<R>,
    parts: readonly string[],
    solved: Solved<R>,
  ): Promise<void>;
  reportingFailure<T>(vertex: V, work: () => Promise<T>): Promise<T>;
}

export class LookUps<V extends SolverGraph<V>, R> {
  readonly #work: LookUpWork<V, R>;
  readonly #known = new Map<string, Promise<LookUp<R>>>();

  constructor(work: LookUpWork<V, R>) {
    this.#work = work;
  }

  of(vertex: V): Promise<LookUp<R>> {
    let promise = this.#known.get(vertex.id);
    if (promise === undefined) {
      promise = this.#doLookUp(vertex);
      this.#known.set(vertex.id, promise);
    }
    return promise;
  }

  async #doLookUp(vertex: V): Promise<LookUp<R>> {
    const runner = this.#work.runnerOf(vertex);
    if (runner.open !== undefined) {
      const hit = await runner.open(vertex, this.#work.signal);
      return {hit};
    }
    const inputs = await Promise.all(vertex.inputs.map((input) => this.of(input)));
    // A step that is told to run gets a key that cannot be foreseen, and so do all who build on it.
    if (vertex.origin.ignoreCache === true) return {};
    const known = inputs.map(
      ({hit, predictedKey}): KnownInput<R> =>
        hit === undefined ? {key: predictedKey} : {key: hit.key, value: hit.value},
    );
    const map = this.#work.mapOf(vertex);
    return this.#work.reportingFailure(vertex, () => this.#lookUpKeys(vertex, map, known));
  }

  async #lookUpKeys(vertex: V, map: CacheMap<R>, known: readonly KnownInput<R>[]): Promise<LookUp<R>> {
    const definition = definitionKeyOf(map, known);
    const parts = definitionPartsOf(map, known) ?? [];
    const asked = askedStep(vertex, map, parts, known);
    if (definition !== undefined) {
      const hit = await this.#work.hit(vertex, definition, isContentKeyed(map) ? undefined : asked);
      if (hit !== undefined) return {hit};
      const missed = {all: [definition], primary: definition, parts};
      if (!isContentKeyed(map)) return {predictedKey: await this.#foreseenKey(definition), missed};
    }
    const content = await contentKeyOf(map, known, this.#work.signal);
    if (content === undefined) {
      if (definition === undefined) return {};
      const hit = await this.#work.hit(vertex, definition, asked);
      if (hit !== undefined) return {hit};
      return {predictedKey: await this.#work.resultKeyOf(definition)};
    }
    const hit = await this.#work.hit(vertex, content.key, askedStep(vertex, map, content.parts, known));
    const all = definition === undefined ? [content.key] : [content.key, definition];
    const missed = {all, primary: content.key, parts: content.parts};
    if (hit === undefined) return {predictedKey: await this.#foreseenKey(content.key), missed};
    if (definition !== undefined) await this.#work.save([definition], vertex, map, content.parts, hit);
    return {hit};
  }

  /** What is built on a result may be found though the result itself is gone. */
  async #foreseenKey(key: string): Promise<string> {
    return (await this.#work.resultKeyOf(key)) ?? key;
  }
}
