// The local cache: records in the database that point at snapshots in the store. A record is believed only while its
// snapshot is whole, so a store that lost something (a pruned layer, a power cut) gives misses, never wrong results.

import type {MissReason, StepUsage} from '../progress/events.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';
import type {Solved} from '../solver/op-runner.ts';
import type {KeyIngredients, MissedStep, NewRecord, ResultCache} from '../solver/result-cache.ts';
import type {BuildValue} from '../sources/value.ts';
import type {Database} from '../store/database.ts';
import {assert} from '../util/assert.ts';
import {canonicalJson} from '../util/canonical-json.ts';
import type {Clock} from '../util/clock.ts';

/** Uses closer together than this are one use: a cached build leaves the database alone. */
const usedResolutionMs = 60 * 60 * 1000;

/** A record as it is written down. */
export interface StoredRecord {
  readonly resultKey: string;
  readonly snapshot: SnapshotId;
  readonly name: string;
  readonly ingredients: KeyIngredients;
  readonly usage: StepUsage | undefined;
}

export interface KnownRecord {
  readonly ingredients: KeyIngredients;
  /** How much it has in common with what it was looked for by. */
  readonly score: number;
}

/** A shared cache that tells of its records, to explain misses by. */
export interface TellingCache {
  readonly name: string;
  nearest(name: string, ingredients: KeyIngredients): KnownRecord | undefined;
  /** By the digest that is an ingredient. */
  filesOf(digest: string): Uint8Array | undefined;
}

/** `caches` are told of by the shared ones; none: this machine alone is asked. */
export type WhyMissed = (
  missed: MissedStep,
  caches?: readonly TellingCache[],
) => Promise<MissReason | undefined>;

export class RecordCache implements ResultCache<BuildValue> {
  readonly #database: Database;
  readonly #snapshotter: Snapshotter;
  readonly #clock: Clock;
  readonly #used = new Set<string>();
  /** Of the first record of a snapshot; the first one stands. */
  readonly #keys = new Map<SnapshotId, string>();
  readonly whyMissed: WhyMissed;
  readonly #onFound: (untilMs: number) => void;

  /** `onFound` is told until when a use of a record need not be written down again. */
  constructor(
    database: Database,
    snapshotter: Snapshotter,
    clock: Clock,
    whyMissed: WhyMissed = async () => undefined,
    onFound: (untilMs: number) => void = () => {},
  ) {
    this.whyMissed = whyMissed;
    this.#onFound = onFound;
    this.#database = database;
    this.#snapshotter = snapshotter;
    this.#clock = clock;
  }

  has(key: string): boolean {
    return this.#database.get('SELECT 1 AS one FROM record WHERE key = ?', key) !== undefined;
  }

  async resultKeyOf(key: string): Promise<string | undefined> {
    const row = this.#database.get('SELECT result_key FROM record WHERE key = ?', key);
    return row === undefined ? undefined : String(row['result_key']);
  }

  knowsOp(op: string): boolean {
    const [, member = ''] = /^\{(.*)\}$/s.exec(canonicalJson({op})) ?? [];
    const sql = 'SELECT 1 AS one FROM record WHERE instr(ingredients, ?) > 0 LIMIT 1';
    return this.#database.get(sql, member) !== undefined;
  }

  keyOf(value: BuildValue): string | undefined {
    if (value.type !== 'snapshot' || value.snapshot === undefined) return undefined;
    const known = this.#keys.get(value.snapshot);
    if (known !== undefined) return known;
    // By their rowids, which grow with time and are in the index: of a layer that nothing changed each build has one.
    const sql = 'SELECT result_key FROM record WHERE snapshot = ? ORDER BY rowid LIMIT 1';
    const row = this.#database.get(sql, value.snapshot);
    if (row === undefined) return undefined;
    const key = String(row['result_key']);
    this.#keys.set(value.snapshot, key);
    return key;
  }

  async find(key: string): Promise<Solved<BuildValue> | undefined> {
    const row = this.#database.get(
      'SELECT result_key, snapshot, used_ms, usage FROM record WHERE key = ?',
      key,
    );
    if (row === undefined) return undefined;
    const snapshot = String(row['snapshot']);
    if (!(await this.#snapshotter.isWhole(snapshot))) return undefined;
    const untilMs = Number(row['used_ms']) + usedResolutionMs;
    if (this.#clock.nowMs() > untilMs) this.#used.add(key);
    this.#onFound(untilMs);
    const usage = row['usage'];
    return {
      key: String(row['result_key']),
      value: {type: 'snapshot', snapshot},
      ...(typeof usage === 'string' ? {usage: JSON.parse(usage) as StepUsage} : {}),
    };
  }

  /** What is recorded under `key`, whole or not. */
  read(key: string): StoredRecord | undefined {
    const sql = 'SELECT result_key, snapshot, name, ingredients, usage FROM record WHERE key = ?';
    const row = this.#database.get(sql, key);
    if (row === undefined) return undefined;
    const usage = row['usage'];
    return {
      resultKey: String(row['result_key']),
      snapshot: String(row['snapshot']),
      name: String(row['name']),
      ingredients: readIngredients(String(row['ingredients'])),
      usage: typeof usage === 'string' ? (JSON.parse(usage) as StepUsage) : undefined,
    };
  }

  async save(keys: readonly string[], record: NewRecord<BuildValue>): Promise<void> {
    const {result, name, ingredients} = record;
    assert(result.value.type === 'snapshot', 'only snapshots are recorded');
    const snapshot = result.value.snapshot;
    assert(snapshot !== undefined, 'a recorded result has a layer');
    const now = Math.round(this.#clock.nowMs());
    const usage = result.usage === undefined ? null : JSON.stringify(result.usage);
    const text = canonicalJson({...ingredients});
    const put = (key: string): void => {
      this.#database.run(
        `INSERT OR REPLACE INTO record (key, result_key, snapshot, name, ingredients, created_ms, used_ms, usage)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        key,
        result.key,
        snapshot,
        name,
        text,
        now,
        now,
        usage,
      );
    };
    const [only, ...more] = keys;
    // One statement is a transaction by itself.
    if (only !== undefined && more.length === 0) put(only);
    else this.#database.transaction(() => keys.forEach(put));
  }

  /** Writes down which records this build used. */
  flush(): void {
    if (this.#used.size === 0) return;
    const now = Math.round(this.#clock.nowMs());
    this.#database.transaction(() => {
      for (const key of this.#used)
        this.#database.run('UPDATE record SET used_ms = ? WHERE key = ?', now, key);
    });
    this.#used.clear();
  }
}

/** Records of earlier versions say less. */
export function readIngredients(text: string): KeyIngredients {
  const {format = 1, op, inputs, from = []} = JSON.parse(text) as Partial<KeyIngredients>;
  return {format, op: op ?? '', inputs: inputs ?? [], from};
}
