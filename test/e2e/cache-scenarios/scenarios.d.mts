// A row of the table of cache scenarios: a build, an edit, and which steps of the second build must be found. The rows
// are plain data, so that the test, the script that asks docker and the one that prints the page read the same.

export interface Edit {
  /** Text replaced by text in the Dockerfile, every time it is there. */
  readonly dockerfile?: readonly (readonly [from: string, to: string])[];
  readonly write?: Readonly<Record<string, string>>;
  /** What is written has the time that the files had before. */
  readonly sameTimes?: true;
  /** Written again with the bytes they have, as new files. */
  readonly rewrite?: readonly string[];
  readonly remove?: readonly string[];
  readonly rename?: readonly (readonly [from: string, to: string])[];
  readonly chmod?: readonly (readonly [path: string, mode: number])[];
  readonly chown?: readonly string[];
  readonly touch?: readonly string[];
  readonly link?: Readonly<Record<string, string>>;
  /** The image `moving` is another one from now on. */
  readonly moveBase?: true;
  /** What the server has from now on, by name. */
  readonly served?: Readonly<Record<string, string>>;
  /** Flags of the second build; without it those of the first. */
  readonly flags?: readonly string[];
  /** The second build has a copy of the context in another directory. */
  readonly moveContext?: true;
}

export type Verdict = 'hit' | 'run';

export interface Scenario {
  readonly group: string;
  /** What is edited. */
  readonly name: string;
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly served?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly edit: Edit;
  /** By how the instruction begins in the Dockerfile after the edit. Every step that is not FROM is named. */
  readonly after: Readonly<Record<string, Verdict>>;
  /** BuildKit finds what it must not find. */
  readonly wrong?: true;
  /** BuildKit's own verdicts where Debian's docker cannot build the row, from its sources and documentation. */
  readonly documented?: Readonly<Record<string, Verdict>>;
}

export declare const scenarios: readonly Scenario[];
