// The history of builds below a state directory: `history/<id>/build.json` and a log for each step that wrote one.
// A record is written in `work` and renamed into its place, so that it is there whole or not at all.

import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {refusalText} from '../util/error-text.ts';
import {type BuildRecord, recordFormat} from './build-record.ts';
import {logName} from './step-logs.ts';

const buildsMax = 200;
const logBytesMax = 512 << 20;
/** Logs that are shorter together than this are not counted: as many of them as there can be do no harm. */
const shortLogBytes = 1 << 20;
const idForm = /^[0-9a-z]{12}$/;

export class HistoryStore {
  readonly #directory: string;

  constructor(root: string) {
    this.#directory = join(root, 'history');
  }

  /** Newest first; none where it cannot be read: no build fails for want of a history. */
  ids(): readonly string[] {
    try {
      return readdirSync(this.#directory)
        .filter((name) => idForm.test(name))
        .sort()
        .reverse();
    } catch {
      return [];
    }
  }

  /** For whoever was asked to show it. Throws BuildError when it is there and may not be read. */
  requireReadable(): void {
    try {
      accessSync(this.#directory, constants.R_OK | constants.X_OK);
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      if (code !== 'EACCES') return;
      const text = `the history of builds in ${this.#directory} cannot be read: ${refusalText(error)}`;
      throw buildError('environment', 'history-unreadable', text, {
        hints: ['choose another state directory with --root DIR or TSBUILD_ROOT'],
        cause: error,
      });
    }
  }

  /** Undefined for a record that is gone, torn, or of a format that is not known. */
  read(id: string): BuildRecord | undefined {
    try {
      const record = JSON.parse(readFileSync(join(this.#directory, id, 'build.json'), 'utf8')) as BuildRecord;
      return record.format === recordFormat ? record : undefined;
    } catch {
      return undefined;
    }
  }

  /** Newest first. */
  *records(): Generator<BuildRecord> {
    for (const id of this.ids()) {
      const record = this.read(id);
      if (record !== undefined) yield record;
    }
  }

  /** What a step wrote, both streams in the order of their coming. */
  log(id: string, step: number): Buffer {
    try {
      return readFileSync(join(this.#directory, id, logName(step)));
    } catch {
      return Buffer.alloc(0);
    }
  }

  /** Takes a directory with the logs of a build, and drops what is more than a history should have. */
  add(record: BuildRecord, logs: string): void {
    writeFileSync(join(logs, 'build.json'), `${JSON.stringify(record)}\n`, {mode: 0o600});
    mkdirSync(this.#directory, {recursive: true, mode: 0o700});
    renameSync(logs, join(this.#directory, record.id));
    const bytes = record.steps.reduce((sum, step) => sum + step.logBytes, 0);
    for (const id of this.#surplus(bytes > shortLogBytes)) this.remove(id);
  }

  remove(id: string): void {
    rmSync(join(this.#directory, id), {recursive: true, force: true});
  }

  #surplus(countBytes: boolean): readonly string[] {
    const ids = this.ids();
    if (!countBytes) return ids.slice(buildsMax);
    let bytes = 0;
    return ids.filter((id, index) => {
      bytes += this.#bytesOf(id);
      return index > 0 && (index >= buildsMax || bytes > logBytesMax);
    });
  }

  #bytesOf(id: string): number {
    const directory = join(this.#directory, id);
    try {
      return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    } catch {
      return 0;
    }
  }
}
