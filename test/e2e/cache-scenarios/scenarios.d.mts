// A row of the table of cache scenarios: a build, an edit, and which steps of the second build must be found. The rows
// are plain data, so that the test, the script that asks docker and the one that prints the page read the same.

/** An image that the row has for itself under the name `moving`. */
export interface OwnBase {
  /** What is in its layer. */
  readonly version: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface GitChange {
  readonly files: Readonly<Record<string, string>>;
  readonly branch?: string;
  /** A name that the new commit gets, too. */
  readonly tag?: string;
}

export type Served = Readonly<
  Record<string, string | {readonly text: string; readonly etag?: string; readonly 'last-modified'?: string}>
>;

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
  /** An extended attribute is set. */
  readonly attribute?: readonly (readonly [path: string, name: string])[];
  /** The second becomes another name of the first. */
  readonly hardLink?: readonly (readonly [from: string, to: string])[];
  /** Newer than it was. */
  readonly touch?: readonly string[];
  /** Older than it was. */
  readonly age?: readonly string[];
  readonly link?: Readonly<Record<string, string>>;
  readonly base?: OwnBase;
  /** Files of the OCI layout from now on. */
  readonly layout?: Readonly<Record<string, string>>;
  readonly git?: readonly GitChange[];
  /** What the server has from now on, by name. */
  readonly served?: Served;
  /** Flags of the second build; without it those of the first. */
  readonly flags?: readonly string[];
  /** The second build has a copy of the context in another directory. */
  readonly moveContext?: true;
  /** Where the Dockerfile lies from now on. */
  readonly dockerfileAt?: string;
  /** What the second build reads from its standard input instead of from the directory. */
  readonly input?: 'dockerfile' | 'context';
  /** More of the environment of the second build. */
  readonly env?: Readonly<Record<string, string>>;
}

export type Verdict = 'hit' | 'run';

export interface Scenario {
  readonly group: string;
  /** What is edited. */
  readonly name: string;
  readonly dockerfile: string;
  /** `{{KEY}}` becomes a private key. */
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly served?: Served;
  readonly base?: OwnBase;
  /** Files of an OCI layout, which lies at `{{CONTEXT}}-layout`. */
  readonly layout?: Readonly<Record<string, string>>;
  /** Commits of a repository, which is at `{{GIT}}`. */
  readonly git?: readonly GitChange[];
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
