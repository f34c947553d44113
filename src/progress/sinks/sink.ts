// What a sink has of the outside. Handed in, so that golden tests run on a fake terminal and a fake clock.

import type {Clock} from '../../util/clock.ts';
import type {ProgressSink} from '../events.ts';

export interface SinkHost {
  /** Writes at once and in order. Calls `done` when the memory of `data` may be used again, or never. */
  write(data: string | Uint8Array, done?: () => void): void;
  readonly clock: Clock;
  readonly color: boolean;
  /** How many lines of a running step's output a terminal shows; undefined: the sink's own choice. */
  readonly outputLines?: number;
  /** The terminal's size now; it may change at any time. */
  size(): {readonly columns: number; readonly rows: number};
  /** Calls `callback` again and again until the returned function is called; does not keep the process alive. */
  every(milliseconds: number, callback: () => void): () => void;
}

export type SinkFactory = (host: SinkHost) => ProgressSink;
