// Why a step missed: the first ingredients of its key that differ from those of the nearest record. Loaded with the
// first miss of a build, so that a cached build pays nothing for it. What it says is for people; nothing is decided
// by it.

import type {MissReason} from '../progress/events.ts';
import type {MissedStep} from '../solver/result-cache.ts';
import type {Database} from '../store/database.ts';
import {type FilesOf, inputDifference} from './input-difference.ts';
import {RecentRecords} from './nearest-record.ts';
import {type OpDifferenceOptions, opDifference} from './op-difference.ts';

export interface MissExplainerOptions extends OpDifferenceOptions {
  readonly database: Database;
  readonly filesOf: FilesOf;
  /** When a step with this key was last built or found here, as far as that is remembered. */
  lastSeenMs(key: string): number | undefined;
}

export class MissExplainer {
  readonly #options: MissExplainerOptions;
  readonly #records: RecentRecords;

  constructor(options: MissExplainerOptions) {
    this.#options = options;
    this.#records = new RecentRecords(options.database);
  }

  whyMissed(missed: MissedStep): MissReason {
    if (missed.isTold) return {code: 'told', text: '--no-cache'};
    return this.#gone(missed) ?? this.#difference(missed) ?? {code: 'new', text: 'never built here'};
  }

  /** It was here under this very key. */
  #gone({keys}: MissedStep): MissReason | undefined {
    const {database, lastSeenMs} = this.#options;
    for (const key of keys) {
      if (database.get('SELECT 1 AS one FROM record WHERE key = ?', key) === undefined) continue;
      return {code: 'lost', text: 'its result is no longer whole in the store'};
    }
    for (const key of keys) {
      const seenMs = lastSeenMs(key);
      if (seenMs === undefined) continue;
      const day = new Date(seenMs).toISOString().slice(0, 10);
      return {code: 'pruned', text: `record was pruned (last seen ${day})`};
    }
    return undefined;
  }

  #difference(missed: MissedStep): MissReason | undefined {
    const known = this.#records.nearest(missed.name, missed.ingredients);
    if (known === undefined) return undefined;
    const {ingredients} = known;
    if (ingredients.format !== missed.ingredients.format) {
      return {code: 'format', text: `format ${ingredients.format} → ${missed.ingredients.format}`};
    }
    const own = usedBy(missed, opDifference(ingredients.op, missed.ingredients.op, this.#options));
    const inputs = missed.inputs.flatMap(
      (_, index) => inputDifference(missed, index, ingredients, this.#options.filesOf) ?? [],
    );
    const [first, second] = own === undefined ? inputs : [own, ...inputs];
    if (first === undefined || second === undefined) return first;
    return {code: first.code, text: `${first.text}; ${second.text}`};
  }
}

function usedBy({name, line}: MissedStep, reason: MissReason | undefined): MissReason | undefined {
  if (reason?.code !== 'variable' || line === undefined) return reason;
  const keyword = /^(?:\[[^\]]*\] )?(\S+)/.exec(name)?.[1] ?? 'step';
  return {code: 'variable', text: `${reason.text}, used by ${keyword} at line ${line}`};
}
