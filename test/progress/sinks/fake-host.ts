// A sink's host with a clock that stands still until told, a terminal of a chosen size, and hand-cranked timers.

import type {SinkHost} from '../../../src/progress/sinks/sink.ts';

export interface FakeHost extends SinkHost {
  readonly written: () => string;
  /** Moves the clock on in steps, calling timers on their way. */
  advance(milliseconds: number): void;
  resize(columns: number, rows: number): void;
  nowMs: number;
}

export function fakeHost(options: {color?: boolean; columns?: number; rows?: number} = {}): FakeHost {
  const chunks: Buffer[] = [];
  const timers = new Set<{periodMs: number; nextMs: number; callback: () => void}>();
  let size = {columns: options.columns ?? 60, rows: options.rows ?? 24};
  const host: FakeHost = {
    nowMs: Date.UTC(2024, 0, 1),
    clock: {nowMs: () => host.nowMs},
    color: options.color ?? false,
    write: (data) => void chunks.push(Buffer.from(data)),
    size: () => size,
    every(milliseconds, callback) {
      const timer = {periodMs: milliseconds, nextMs: host.nowMs + milliseconds, callback};
      timers.add(timer);
      return () => timers.delete(timer);
    },
    written: () => Buffer.concat(chunks).toString(),
    advance(milliseconds) {
      const endMs = host.nowMs + milliseconds;
      for (;;) {
        const due = [...timers].filter(({nextMs}) => nextMs <= endMs).sort((a, b) => a.nextMs - b.nextMs)[0];
        if (due === undefined) break;
        host.nowMs = due.nextMs;
        due.nextMs += due.periodMs;
        due.callback();
      }
      host.nowMs = endMs;
    },
    resize(columns, rows) {
      size = {columns, rows};
    },
  };
  return host;
}
