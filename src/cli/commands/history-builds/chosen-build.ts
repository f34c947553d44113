// Which build of the history a command speaks of: the newest, the N-th before it (`^1`), or an ID, of which a part at
// the beginning or the end is enough.

import {buildError} from '../../../diagnostics/build-error.ts';
import type {BuildRecord} from '../../../history/build-record.ts';
import {HistoryStore} from '../../../history/history-store.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {stateRootOf} from '../../places.ts';

export function openHistory(flags: FlagValues, io: CliIo): HistoryStore {
  const history = new HistoryStore(stateRootOf(flags, io));
  history.requireReadable();
  return history;
}

export function chosenBuild(history: HistoryStore, operand: string | undefined): BuildRecord {
  const id = chosenId(history.ids(), operand ?? '^0');
  const record = history.read(id);
  if (record === undefined) throw failure(`the record of build ${id} cannot be read`);
  return record;
}

/** `ids`: newest first. */
export function chosenId(ids: readonly string[], operand: string): string {
  if (ids.length === 0) throw failure('no build is recorded here');
  const back = /^\^(\d+)$/.exec(operand)?.[1];
  if (back !== undefined) {
    const id = ids[Number(back)];
    if (id === undefined) {
      const count = ids.length === 1 ? 'one build is' : `${ids.length} builds are`;
      throw failure(`${operand}: only ${count} recorded`);
    }
    return id;
  }
  const found = ids.filter((id) => id.startsWith(operand) || id.endsWith(operand));
  const [first] = found;
  if (operand === '' || first === undefined) {
    throw failure(`there is no build ${operand} in the history`, ['tsbuild history ls lists the builds']);
  }
  if (found.length > 1)
    throw failure(`${operand} is the beginning or the end of ${found.length} builds' IDs`);
  return first;
}

function failure(message: string, hints: readonly string[] = []): Error {
  return buildError('user', 'history-build', message, {hints});
}
