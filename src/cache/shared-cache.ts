// The solver's cache where --cache-from or --cache-to are given: what is here comes first, then what others have; what
// was used or made is handed to the exports.

import type {MissReason} from '../progress/events.ts';
import type {EqualLayers} from '../snapshot/equal-layers.ts';
import type {Solved} from '../solver/op-runner.ts';
import type {AskedStep, MissedStep, NewRecord, ResultCache} from '../solver/result-cache.ts';
import type {BuildValue} from '../sources/value.ts';
import type {CacheImports} from './cache-imports.ts';
import type {RecordCache} from './record-cache.ts';
import {twinOf} from './twins.ts';

/** Told of every record that was used or made. */
export interface RecordTaker {
  add(key: string): void;
}

export class SharedCache implements ResultCache<BuildValue> {
  /** Caches of BuildKit's do. */
  readonly looksAtInputs = true;
  readonly #records: RecordCache;
  readonly #imports: CacheImports;
  readonly #equalLayers: EqualLayers;
  readonly #exports: readonly RecordTaker[];

  constructor(
    records: RecordCache,
    imports: CacheImports,
    equalLayers: EqualLayers,
    exports: readonly RecordTaker[],
  ) {
    this.#records = records;
    this.#imports = imports;
    this.#equalLayers = equalLayers;
    this.#exports = exports;
  }

  /** A key that others may have a result for is taken, too: theirs must not be mixed with one that is made anew. */
  has(key: string): boolean {
    return this.#records.has(key) || this.#imports.mayHave(key);
  }

  async resultKeyOf(key: string): Promise<string | undefined> {
    return (await this.#records.resultKeyOf(key)) ?? this.#imports.toldKeyOf(key);
  }

  keyOf(value: BuildValue): string | undefined {
    return this.#records.keyOf(value);
  }

  async twinKeyOf(value: BuildValue, base: string, signal: AbortSignal): Promise<string | undefined> {
    const isAsked = value.type === 'snapshot' && value.snapshot !== undefined && this.#imports.isOpen;
    if (!isAsked) return undefined;
    try {
      const twin = await twinOf(value.snapshot, base, this.#equalLayers, signal);
      if (twin === undefined) return undefined;
      await this.#imports.find(twin.key);
      return this.#imports.toldKeyOf(twin.key);
    } catch {
      // The step has its result: a question to caches is no reason to lose it.
      signal.throwIfAborted();
      return undefined;
    }
  }

  knowsOp(op: string): boolean {
    return this.#records.knowsOp(op);
  }

  async whyMissed(missed: MissedStep): Promise<MissReason | undefined> {
    const reason = await this.#records.whyMissed(missed, missed.isTold ? [] : await this.#imports.telling());
    const answers = missed.isTold ? [] : this.#imports.answersOf(missed.keys);
    if (reason === undefined || answers.length === 0) return reason;
    return {code: reason.code, text: [reason.text, ...answers].join('; ')};
  }

  async find(
    key: string,
    step: string,
    asked?: AskedStep<BuildValue>,
  ): Promise<Solved<BuildValue> | undefined> {
    const known = (await this.#records.find(key)) ?? (await this.#import(key, step));
    const here = known ?? (asked === undefined ? undefined : await this.#adopt(key, asked));
    if (here !== undefined || this.#imports.told(key) !== undefined) this.#export(key);
    return here;
  }

  async save(keys: readonly string[], record: NewRecord<BuildValue>): Promise<void> {
    await this.#records.save(keys, record);
    for (const key of keys) this.#export(key);
  }

  async #import(key: string, step: string): Promise<Solved<BuildValue> | undefined> {
    const found = await this.#imports.find(key, step);
    if (found === undefined) return undefined;
    const {record, snapshot} = found;
    const {resultKey, name, ingredients, usage} = record;
    const result = {
      key: resultKey,
      value: {type: 'snapshot', snapshot} as const,
      ...(usage === undefined ? {} : {usage}),
    };
    await this.#records.save([key], {result, name, ingredients});
    return result;
  }

  /** What BuildKit made of this step becomes a record of ours. */
  async #adopt(key: string, asked: AskedStep<BuildValue>): Promise<Solved<BuildValue> | undefined> {
    const found = await this.#imports.findBuildkit(key, asked);
    if (found?.snapshot === undefined) return undefined;
    const {resultKey, snapshot} = found;
    const result = {key: resultKey, value: {type: 'snapshot', snapshot} as const};
    await this.#records.save([key], {result, name: asked.name, ingredients: asked.ingredients});
    return result;
  }

  #export(key: string): void {
    for (const one of this.#exports) one.add(key);
  }
}
