// Work around the graph that the user sees as a numbered step: reading the Dockerfile, asking a registry, exporting.

import type {EmitEvent} from '../progress/events.ts';
import {readGivenFile} from '../store/given-file.ts';
import type {Clock} from '../util/clock.ts';
import {deferred} from '../util/deferred.ts';
import {errorText} from '../util/error-text.ts';

export interface StepReporter {
  /** Runs `work` as the step `name`. `note` shows a line under it, `progress` how many bytes have come. */
  step<T>(name: string, work: (note: (text: string) => void, progress: OnBytes) => Promise<T>): Promise<T>;
}

export type OnBytes = (item: string, current: number, total: number | undefined) => void;

/** What is said while another process fetches a blob that is wanted here, too. */
export function waitingFor(digest: string): string {
  return `waiting for another tsbuild that fetches ${digest}`;
}

export function stepReporter(emit: EmitEvent, clock: Clock, signal: AbortSignal): StepReporter {
  return {
    async step(name, work) {
      // The name is the identity: the same work twice is the same line.
      const step = `step ${name}`;
      const end = (outcome: 'done' | 'error' | 'canceled', error?: string): void =>
        emit({
          type: 'step-finished',
          step,
          name,
          atMs: clock.nowMs(),
          outcome,
          ...(error === undefined ? {} : {error}),
        });
      emit({type: 'step-started', step, name, atMs: clock.nowMs()});
      try {
        const result = await work(
          (text) => emit({type: 'step-note', step, text, atMs: clock.nowMs()}),
          (item, current, total = 0) =>
            emit({
              type: 'step-progress',
              step,
              item,
              current,
              total,
              unit: 'bytes',
              done: current === total,
              atMs: clock.nowMs(),
            }),
        );
        end('done');
        return result;
      } catch (error) {
        if (signal.aborted) end('canceled');
        else end('error', errorText(error));
        throw error;
      }
    },
  };
}

/** Reads a file that the user named: at most one byte beyond `bytesMax`. `shown` is the name as the user gave it. */
export type ReadGiven = (path: string, shown: string, bytesMax?: number) => Promise<Buffer>;

/** A pipe may take its time; one that nobody writes into is a step of its own. */
export function givenReader({step}: StepReporter, signal: AbortSignal): ReadGiven {
  return async (path, shown, bytesMax) => {
    const end = deferred<void>();
    let waited: Promise<void> | undefined;
    const onWait = (): void => {
      waited = step(`[internal] wait for ${shown}`, (note) => {
        note('a pipe that nobody writes into, yet');
        return end.promise;
      });
      waited.catch(() => {});
    };
    try {
      const bytes = await readGivenFile(path, {signal, onWait, ...(bytesMax !== undefined && {bytesMax})});
      end.resolve();
      await waited;
      return bytes;
    } catch (error) {
      if (waited !== undefined) end.reject(error);
      await waited?.catch(() => {});
      throw error;
    }
  };
}
