// Everything a build tells the outside while it goes on: a closed union, so that every sink handles every member.
// A `step` is what the user sees as one numbered line: a vertex of the graph, or work around it ("[internal] load
// build definition", "exporting to image"). Times are milliseconds since 1970.

import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {copiedBytes} from '../util/copied-bytes.ts';

export type StepId = string;

/** What the process of a step used; nothing of what the engine did around it (a base image that was fetched first). */
export interface StepUsage {
  readonly wallMs: number;
  /** Of all processes and processors. */
  readonly cpuMs: number;
  /** The peak: of all processes and their page cache when the step had limits, else of the largest process. */
  readonly memoryBytes: number;
  /** From and to block devices. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Why a step was not found in the cache: what differs from the nearest thing that is there. */
export interface MissReason {
  /** Stable, for machines; docs/formats/events.md lists them. */
  readonly code: MissCode;
  /** One line, for people. */
  readonly text: string;
}

export type MissCode =
  | 'told'
  | 'new'
  | 'format'
  | 'instruction'
  | 'variable'
  | 'base'
  | 'input'
  | 'files'
  | 'lost'
  | 'pruned';

export type BuildEvent =
  | {
      readonly type: 'step-started';
      readonly step: StepId;
      readonly name: string;
      readonly atMs: number;
      /** Of a step that was looked for in the cache. */
      readonly miss?: MissReason;
      /** What it was looked for under. */
      readonly key?: string;
    }
  /** How a step ended. `cached` steps did not run. A step may end without having started (cached). */
  | {
      readonly type: 'step-finished';
      readonly step: StepId;
      readonly name: string;
      readonly atMs: number;
      readonly outcome: 'done' | 'cached' | 'error' | 'canceled';
      /** One line, for `outcome: 'error'`. */
      readonly error?: string;
      /** Of a step with a process; of a cached one, what it used when it ran. */
      readonly usage?: StepUsage;
      /** It ran, and gave what it gave before: what builds on that is found as if it had not run. */
      readonly unchanged?: true;
      /** Of a cached step: what it was found under. */
      readonly key?: string;
    }
  /**
   * Bytes a process wrote, in memory that is used again when whoever is told of them has returned. Binary safe; a sink
   * splits lines itself.
   */
  | {
      readonly type: 'step-output';
      readonly step: StepId;
      readonly stream: 'stdout' | 'stderr';
      readonly data: Uint8Array;
      readonly atMs: number;
    }
  /** Progress of one thing inside a step: a layer downloaded (`sha256:ab…`), files copied. */
  | {
      readonly type: 'step-progress';
      readonly step: StepId;
      /** Names the thing; later events with the same item replace earlier ones. */
      readonly item: string;
      readonly current: number;
      /** 0 when unknown. */
      readonly total: number;
      readonly unit: 'bytes' | 'files';
      readonly done: boolean;
      readonly atMs: number;
    }
  /** A short line of the engine about a step: why it was not cached, "waiting for another tsbuild". */
  | {
      readonly type: 'step-note';
      readonly step: StepId;
      /** Of a step that has not begun, as one that waits. */
      readonly name?: string;
      readonly text: string;
      readonly atMs: number;
    }
  | {readonly type: 'warning'; readonly diagnostic: Diagnostic; readonly atMs: number};

/** The event for whoever keeps it: output of a step is in memory that is used again. */
export function keptEvent(event: BuildEvent): BuildEvent {
  return event.type === 'step-output' ? {...event, data: copiedBytes(event.data)} : event;
}

export type EmitEvent = (event: BuildEvent) => void;

/** Renders events for people or machines. `close` writes what is buffered and leaves the terminal clean. */
export interface ProgressSink {
  emit(event: BuildEvent): void;
  /** The same for several, for which it is written once: whoever reads progress wakes up for each write. */
  emitAll?(events: readonly BuildEvent[]): void;
  close(): void;
}
