// Which record a missed step is compared with: of all that speak of the same op, of the same text or of the same
// place in a Dockerfile, the one that has most in common with it; among equals the newest.

import type {KeyIngredients} from '../solver/result-cache.ts';
import type {Database} from '../store/database.ts';
import {readIngredients} from './record-cache.ts';

export interface KnownRecord {
  readonly name: string;
  readonly ingredients: KeyIngredients;
}

/** Looking farther back finds what nobody remembers. */
const recordsMax = 2000;
const candidatesMax = 50;

interface Row {
  readonly name: string;
  readonly text: string;
  readonly parts: StepName;
}

/** `[build 3/5] RUN make`: where, what, and all of it. */
interface StepName {
  /** `[build 3/`: the length of a stage changes when other instructions come and go. */
  readonly place: string;
  readonly title: string;
}

export class RecentRecords {
  readonly #database: Database;
  #rows: readonly Row[] | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  nearest(name: string, ingredients: KeyIngredients): KnownRecord | undefined {
    const wanted = partsOf(name);
    const near = this.#all().filter(({parts}) => parts.title === wanted.title || isSamePlace(parts, wanted));
    let best: {readonly record: KnownRecord; readonly score: number} | undefined;
    for (const {name: found, text, parts} of near.slice(0, candidatesMax)) {
      const record = {name: found, ingredients: readIngredients(text)};
      const sameTitle = parts.title === wanted.title ? 1 : 0;
      const samePlace = isSamePlace(parts, wanted) ? 1 : 0;
      const score = likeness(record.ingredients, ingredients) + sameTitle + samePlace;
      if (best === undefined || score > best.score) best = {record, score};
    }
    return best?.record;
  }

  #all(): readonly Row[] {
    this.#rows ??= this.#database
      .all(`SELECT name, ingredients FROM record ORDER BY created_ms DESC LIMIT ${recordsMax}`)
      .map((row) => {
        const name = String(row['name']);
        return {name, text: String(row['ingredients']), parts: partsOf(name)};
      });
    return this.#rows;
  }
}

function partsOf(name: string): StepName {
  const match = /^(\[.*?(\d+)\/)\d+\] (.*)$/s.exec(name);
  return match === null ? {place: '', title: name} : {place: match[1] ?? '', title: match[3] ?? ''};
}

/** An instruction of the same kind, as far from the start of a stage of the same name. */
function isSamePlace(a: StepName, b: StepName): boolean {
  return a.place !== '' && a.place === b.place && keywordOf(a) === keywordOf(b);
}

function keywordOf({title}: StepName): string {
  return title.slice(0, title.indexOf(' '));
}

function likeness(a: KeyIngredients, b: KeyIngredients): number {
  const equal = b.inputs.filter((part, index) => a.inputs[index] === part).length;
  return (a.op === b.op ? 2 : 0) + (b.inputs.length === 0 ? 0 : (2 * equal) / b.inputs.length);
}
