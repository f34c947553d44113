// How long steps took when they last ran, by their names without numbers and digests.

import {durationMs} from './build-record.ts';
import type {HistoryStore} from './history-store.ts';

/** Farther back times are those of another machine or another program. */
const buildsMax = 30;

export class PastTimes {
  readonly #history: HistoryStore;
  #times: ReadonlyMap<string, number> | undefined;

  constructor(history: HistoryStore) {
    this.#history = history;
  }

  /** Undefined: it never ran, as far as is remembered. */
  expectedMs(name: string): number | undefined {
    this.#times ??= this.#read();
    return this.#times.get(titleOf(name)) ?? this.#times.get(placeOf(name));
  }

  #read(): ReadonlyMap<string, number> {
    const times = new Map<string, number>();
    for (const id of this.#history.ids().slice(0, buildsMax)) {
      for (const step of this.#history.read(id)?.steps ?? []) {
        const title = titleOf(step.name);
        if (step.outcome !== 'done') continue;
        for (const key of [title, placeOf(step.name)]) if (!times.has(key)) times.set(key, durationMs(step));
      }
    }
    return times;
  }
}

function titleOf(name: string): string {
  return name.replace(/ ?\d+\/\d+\] /, '] ').replace(/@sha256:[0-9a-f]{64}$/, '');
}

/** `[build 3/5] RUN`: a command with another argument most likely takes as long. */
function placeOf(name: string): string {
  return /^\[[^\]]*\] \S+/.exec(name)?.[0] ?? name;
}
