// The progress of what has to be done before a process can begin. A run that needs nothing says nothing: the sink is
// opened with the first event. It is closed before the process has the terminal.

import {type BuildEvent, keptEvent, type ProgressSink} from '../../../progress/events.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {openSink, sinkNameOf} from '../../progress.ts';

export class LazyProgress {
  readonly #open: () => Promise<ProgressSink>;
  #opening: Promise<void> | undefined;
  #sink: ProgressSink | undefined;
  #waiting: BuildEvent[] = [];
  #closed = false;

  constructor(flags: FlagValues, io: CliIo) {
    const name = sinkNameOf(flags, io);
    this.#open = () => openSink(name, io);
  }

  emit(event: BuildEvent): void {
    if (this.#sink !== undefined) {
      this.#sink.emit(event);
      return;
    }
    this.#waiting.push(keptEvent(event));
    this.#opening ??= this.#open().then((sink) => {
      if (this.#closed) return;
      this.#sink = sink;
      for (const waiting of this.#waiting.splice(0)) sink.emit(waiting);
    });
  }

  close(): void {
    this.#closed = true;
    this.#sink?.close();
    this.#sink = undefined;
    this.#waiting = [];
  }
}
