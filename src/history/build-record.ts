// What is kept of a build: docs/formats/history.md. Plain data, JSON as it is.

import type {MissReason, StepUsage} from '../progress/events.ts';

export const recordFormat = 1;

export interface BuildRecord {
  readonly format: number;
  readonly id: string;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly status: 'completed' | 'error' | 'canceled';
  /** One line, of a build that failed. */
  readonly error?: string;
  /** The context as it was given, without credentials. */
  readonly context: string;
  readonly dockerfile: string;
  readonly target?: string;
  readonly tags: readonly string[];
  readonly platforms: readonly string[];
  /** Names only: values may be secrets. */
  readonly buildArgs: readonly string[];
  readonly imageDigest?: string;
  /** Nothing had changed since that build, whose note had the answer. */
  readonly repeats?: string;
  readonly warnings: readonly {readonly code: string; readonly message: string; readonly line?: number}[];
  /** In the order in which they were first heard of. */
  readonly steps: readonly RecordedStep[];
}

export interface RecordedStep {
  readonly name: string;
  readonly stage?: string;
  /** In the Dockerfile. */
  readonly line?: number;
  /** Places in the list of the steps that it stands on. */
  readonly inputs: readonly number[];
  readonly outcome: 'done' | 'cached' | 'error' | 'canceled' | 'running';
  /** What it was found or looked for under. */
  readonly key?: string;
  readonly miss?: MissReason;
  /** It ran, and gave what it gave before. */
  readonly unchanged?: true;
  readonly error?: string;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly usage?: StepUsage;
  /** What its process wrote; the bytes are in a file of their own. */
  readonly logBytes: number;
}

/** The time it began, so that names sort by it, and four characters of its own. */
export function recordId(startedMs: number, own: string): string {
  return `${Math.round(startedMs).toString(36).padStart(8, '0')}${own}`;
}

/** What is known of a build before it begins. */
export type BuildSubject = Pick<
  BuildRecord,
  'context' | 'dockerfile' | 'target' | 'tags' | 'platforms' | 'buildArgs'
>;

/** A step of the plan, beyond what events tell. */
export interface PlannedStep {
  readonly id: string;
  readonly inputs: readonly PlannedStep[];
  readonly origin: {
    readonly name: string;
    readonly stage?: string;
    readonly span?: {readonly line: number};
  };
}

export function durationMs({startedMs, finishedMs}: Pick<RecordedStep, 'startedMs' | 'finishedMs'>): number {
  return Math.max(0, finishedMs - startedMs);
}
