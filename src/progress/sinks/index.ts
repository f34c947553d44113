// The shelf of progress sinks. Each is loaded when chosen: most builds draw on a terminal or on none, never both.

import type {SinkFactory} from './sink.ts';

export const sinkLoaders = {
  tty: async () => (await import('./tty/tty-sink.ts')).createTtySink,
  plain: async () => (await import('./plain/plain-sink.ts')).createPlainSink,
  rawjson: async () => (await import('./rawjson/rawjson-sink.ts')).createRawJsonSink,
  quiet: async () => (await import('./quiet/quiet-sink.ts')).createQuietSink,
} as const satisfies Record<string, () => Promise<SinkFactory>>;

export type SinkName = keyof typeof sinkLoaders;
