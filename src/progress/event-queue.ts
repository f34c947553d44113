// Events are taken one turn after they were sent: what draws and keeps them costs as much as starting a step does, and
// between two steps nobody waits for it. They carry their times, so nothing else of them changes. Output of steps lies
// in memory that is used again: a little of it is copied, much of it taken at once, with everything before it.

import {type BuildEvent, type EmitEvent, keptEvent} from './events.ts';

/** Taking a piece at once costs more than a copy of so many bytes. */
const copiedBytesMax = 4096;

export class EventQueue {
  readonly #take: (events: readonly BuildEvent[]) => void;
  #waiting: BuildEvent[] = [];

  /** `take` gets those of one turn together. */
  constructor(take: (events: readonly BuildEvent[]) => void) {
    this.#take = take;
  }

  readonly emit: EmitEvent = (event) => {
    const isMuch = event.type === 'step-output' && event.data.length > copiedBytesMax;
    if (this.#waiting.length === 0 && !isMuch) setImmediate(() => this.drain());
    this.#waiting.push(isMuch ? event : keptEvent(event));
    if (isMuch) this.drain();
  };

  /** Has all taken that were sent. */
  drain(): void {
    while (this.#waiting.length > 0) {
      const events = this.#waiting;
      this.#waiting = [];
      this.#take(events);
    }
  }
}
