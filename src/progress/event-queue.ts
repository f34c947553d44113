// Events are taken one turn after they were sent: what draws and keeps them costs as much as starting a step does, and
// between two steps nobody waits for it. They carry their times, so nothing else of them changes.

import type {BuildEvent, EmitEvent} from './events.ts';

export class EventQueue {
  readonly #take: (events: readonly BuildEvent[]) => void;
  #waiting: BuildEvent[] = [];

  /** `take` gets those of one turn together. */
  constructor(take: (events: readonly BuildEvent[]) => void) {
    this.#take = take;
  }

  readonly emit: EmitEvent = (event) => {
    if (this.#waiting.length === 0) setImmediate(() => this.drain());
    this.#waiting.push(event);
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
