// Why a step missed: the first ingredients of its key that differ from those of the nearest record. Loaded with the
// first miss of a build, so that a cached build pays nothing for it. What it says is for people; nothing is decided
// by it.

import type {MissReason} from '../progress/events.ts';
import {withoutControls} from '../progress/terminal-text.ts';
import type {MissedStep} from '../solver/result-cache.ts';
import type {Database} from '../store/database.ts';
import {type FilesOf, inputDifference} from './input-difference.ts';
import {NearestRecords, recordsIn} from './nearest-record.ts';
import {type OpDifferenceOptions, opDifference} from './op-difference.ts';
import type {KnownRecord, TellingCache} from './record-cache.ts';

export interface MissExplainerOptions extends OpDifferenceOptions {
  readonly database: Database;
  readonly filesOf: FilesOf;
  /** The flag that tells steps to run, as it was given. */
  readonly toldBy: string;
  /** When a step with this key was last built or found here, as far as that is remembered. */
  lastSeenMs(key: string): number | undefined;
}

/** Characters of a reason that somebody else's words are in. */
const toldLengthMax = 2000;

interface Nearest extends KnownRecord {
  /** Undefined: it is here. */
  readonly place: TellingCache | undefined;
}

export class MissExplainer {
  readonly #options: MissExplainerOptions;
  readonly #records: NearestRecords;

  constructor(options: MissExplainerOptions) {
    this.#options = options;
    this.#records = new NearestRecords(() => recordsIn(options.database));
  }

  whyMissed(missed: MissedStep, caches: readonly TellingCache[] = []): MissReason {
    if (missed.isTold) return {code: 'told', text: this.#options.toldBy};
    return this.#gone(missed) ?? this.#difference(missed, caches) ?? {code: 'new', text: 'never built here'};
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

  /** What is here comes first among equals. */
  #nearest({name, ingredients}: MissedStep, caches: readonly TellingCache[]): Nearest | undefined {
    let best: Nearest | undefined;
    for (const place of [undefined, ...caches]) {
      const found = (place ?? this.#records).nearest(name, ingredients);
      if (found !== undefined && found.score > (best?.score ?? -1)) best = {...found, place};
    }
    return best;
  }

  #difference(missed: MissedStep, caches: readonly TellingCache[]): MissReason | undefined {
    const known = this.#nearest(missed, caches);
    if (known?.place === undefined) return known && this.#differenceTo(known, missed);
    try {
      const reason = this.#differenceTo(known, missed);
      const text = `${reason?.text.slice(0, toldLengthMax)}, compared with cache ${known.place.name}`;
      return reason && {code: reason.code, text: withoutControls(text)};
    } catch {
      // It told of ops that none of ours can be: then it tells nothing.
      return this.#difference(missed, []);
    }
  }

  #differenceTo({ingredients, place}: Nearest, missed: MissedStep): MissReason | undefined {
    const filesOf: FilesOf = (digest) => this.#options.filesOf(digest) ?? place?.filesOf(digest);
    if (ingredients.format !== missed.ingredients.format) {
      return {code: 'format', text: `format ${ingredients.format} → ${missed.ingredients.format}`};
    }
    const own = usedBy(missed, opDifference(ingredients.op, missed.ingredients.op, this.#options));
    const inputs = missed.inputs.flatMap(
      (_, index) => inputDifference(missed, index, ingredients, filesOf) ?? [],
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
