// Which record a missed step is compared with: of all that speak of the same op, of the same text or of the same
// place in a Dockerfile, the one that has most in common with it; among equals the newest. Records are those of this
// machine, or what a shared cache tells of its own.

import type {KeyIngredients} from '../solver/result-cache.ts';
import type {Database} from '../store/database.ts';
import {type KnownRecord, readIngredients} from './record-cache.ts';

/** A record that may be the nearest. */
export interface NamedRecord {
  /** Of the step. */
  readonly name: string;
  /** Undefined: it has gone meanwhile. */
  ingredients(): KeyIngredients | undefined;
}

/** Looking farther back finds what nobody remembers. */
const recordsMax = 2000;
const candidatesMax = 50;

interface Row {
  /** The lower, the newer. */
  readonly age: number;
  readonly record: NamedRecord;
  readonly parts: StepName;
}

/** The records that can be asked for, newest first in each list. */
interface Rows {
  readonly byTitle: ReadonlyMap<string, readonly Row[]>;
  readonly byPlace: ReadonlyMap<string, readonly Row[]>;
}

/** `[build 3/5] RUN make`: where, what, and all of it. */
interface StepName {
  /** `[build 3/`: the length of a stage changes when other instructions come and go. */
  readonly place: string;
  readonly title: string;
}

export class NearestRecords {
  readonly #read: () => readonly NamedRecord[];
  #rows: Rows | undefined;

  /** `read` gives the newest first. */
  constructor(read: () => readonly NamedRecord[]) {
    this.#read = read;
  }

  nearest(name: string, ingredients: KeyIngredients): KnownRecord | undefined {
    const wanted = partsOf(name);
    const likenessMax = likenessMaxOf(ingredients);
    let best: KnownRecord | undefined;
    for (const {record, parts} of this.#near(wanted)) {
      const sameName = (parts.title === wanted.title ? 1 : 0) + (isSamePlace(parts, wanted) ? 1 : 0);
      // Reading a record costs more than all else here.
      if (best !== undefined && sameName + likenessMax <= best.score) continue;
      const found = record.ingredients();
      if (found === undefined) continue;
      const score = likeness(found, ingredients) + sameName;
      if (best === undefined || score > best.score) best = {ingredients: found, score};
    }
    return best;
  }

  #near(wanted: StepName): readonly Row[] {
    const {byTitle, byPlace} = this.#all();
    // The newest of both are among the newest of each: of a long file, or of many builds, one text may have thousands.
    const near = new Set(newestOf(byTitle.get(wanted.title) ?? [], () => true));
    for (const row of newestOf(byPlace.get(wanted.place) ?? [], ({parts}) => isSamePlace(parts, wanted)))
      near.add(row);
    return [...near].sort((a, b) => a.age - b.age).slice(0, candidatesMax);
  }

  #all(): Rows {
    this.#rows ??= this.#sorted();
    return this.#rows;
  }

  /** Once: every step of a long build asks. */
  #sorted(): Rows {
    const rows = this.#read().map((record, age): Row => ({age, record, parts: partsOf(record.name)}));
    return {
      byTitle: groupedBy(rows, ({parts}) => parts.title),
      byPlace: groupedBy(rows, ({parts}) => parts.place),
    };
  }
}

/** Those of this machine. */
export function recordsIn(database: Database): readonly NamedRecord[] {
  // In one text: the library takes longer for a row than SQLite for a hundred.
  const sql = `SELECT json_group_array(json_array(key, name)) AS names
    FROM (SELECT key, name FROM record ORDER BY created_ms DESC LIMIT ${recordsMax})`;
  const names = JSON.parse(String(database.get(sql)?.['names'])) as readonly (readonly [string, string])[];
  return names.map(([key, name]) => {
    // Steps that are alike ask for the same ones.
    let read: KeyIngredients | undefined;
    return {
      name,
      ingredients: () => {
        if (read !== undefined) return read;
        const row = database.get('SELECT ingredients FROM record WHERE key = ?', key);
        if (row !== undefined) read = readIngredients(String(row['ingredients']));
        return read;
      },
    };
  });
}

function newestOf(rows: readonly Row[], isWanted: (row: Row) => boolean): readonly Row[] {
  const found: Row[] = [];
  for (const row of rows) {
    if (found.length === candidatesMax) break;
    if (isWanted(row)) found.push(row);
  }
  return found;
}

function groupedBy(rows: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

function partsOf(name: string): StepName {
  const match = /^(\[[^\]]*?(\d{1,9})\/)\d+\] (.*)$/s.exec(name);
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

/** Of a step that missed: a record with its op and all of its inputs would have its key. */
function likenessMaxOf({inputs: {length}}: KeyIngredients): number {
  return length === 0 ? 0 : 4 - 2 / length;
}
