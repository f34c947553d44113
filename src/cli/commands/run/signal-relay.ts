// Signals that tsbuild gets while a process runs are the process's. SIGTERM means "end", so it becomes what the image
// calls its stop signal. Whoever asks three times means it: the process is killed.

import {constants} from 'node:os';
import type {SendSignal} from '../../../build/attended/attend.ts';
import type {CliIo} from '../../io.ts';

const patience = 3;

export class SignalRelay {
  readonly #io: CliIo;
  #stopSignal: number | undefined;
  readonly #stopIsGiven: boolean;
  #release: (() => void) | undefined;
  #asked = 0;

  constructor(io: CliIo, stopSignal: number | undefined) {
    this.#io = io;
    this.#stopSignal = stopSignal;
    this.#stopIsGiven = stopSignal !== undefined;
  }

  /** What the image says; the flag wins. */
  stopBy(number: number | undefined): void {
    if (!this.#stopIsGiven) this.#stopSignal = number;
  }

  begin(send: SendSignal): void {
    this.#release = this.#io.onSignal?.((name) => {
      if (name === 'SIGINT' || name === 'SIGTERM') this.#asked++;
      if (this.#asked >= patience) send(constants.signals.SIGKILL);
      else
        send(name === 'SIGTERM' ? (this.#stopSignal ?? constants.signals.SIGTERM) : constants.signals[name]);
    });
  }

  end(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
