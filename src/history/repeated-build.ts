// A build that did not have to look for itself has its place in the history as well: it was asked for, and it has an
// answer.

import {mkdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {ownProcess} from '../store/process-start.ts';
import {type BuildRecord, recordId} from './build-record.ts';
import {HistoryStore} from './history-store.ts';

/** Keeps `record`, of an equal build, once more. What goes wrong goes wrong for nobody. */
export function keepRepeated(root: string, record: BuildRecord, startedMs: number, finishedMs: number): void {
  // A process repeats one build, so its number is of its own: reading chance would load more than all of this.
  const id = recordId(startedMs, (process.pid & 0xffff).toString(16).padStart(4, '0'));
  const directory = join(root, 'work', `${ownProcess()}.${id}`);
  try {
    mkdirSync(directory, {mode: 0o700});
    const steps = record.steps.map((step) => ({...step, startedMs, finishedMs}));
    const {id: repeats} = record;
    new HistoryStore(root).add({...record, id, startedMs, finishedMs, repeats, steps}, directory);
  } catch {
    // As for any other build (recorder.ts).
    discard(directory);
  }
}

/** What lies in `work/` is taken for work that goes on. */
function discard(directory: string): void {
  try {
    rmSync(directory, {recursive: true, force: true});
  } catch {
    // Swept later.
  }
}
