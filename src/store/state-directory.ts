// The state directory: one root, shared by any number of processes (docs/formats/store.md).
//   blobs/sha256/…      immutable blobs
//   layers/<id>/fs      layer directories in overlayfs form, immutable once here (and what overlayfs left in work/)
//   work/<pid>.<start>.<n>/…   what a live process is making; renamed into place when complete, swept when its
//                       maker is dead
//   cache-mounts/…       RUN --mount=type=cache (cache-mounts.ts)
//   failed/…             what failed steps had written (failed-steps.ts)
//   leases/…             what live processes use (leases.ts)
//   partial/…            what came of blobs that were broken off (partial-blobs.ts)
//   state.db            records

import {accessSync, constants, existsSync, mkdirSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {refusalText} from '../util/error-text.ts';
import {currentBootId} from './boot-id.ts';
import {CacheMounts} from './cache-mounts.ts';
import {type Database, openDatabase} from './database.ts';
import {FailedSteps} from './failed-steps.ts';
import {Leases} from './leases.ts';
import {locksOf, type ProcessLocks} from './lock.ts';
import {makeDirectories} from './make-directories.ts';
import {isAlive, ownProcess} from './process-start.ts';
import {workPath} from './work-path.ts';

export interface StateDirectory extends Disposable {
  readonly root: string;
  readonly database: Database;
  /** This process has made it. */
  readonly isNew: boolean;
  readonly locks: ProcessLocks;
  /** Identity of this boot; what was made in another boot and not synced may be torn by a power cut. */
  readonly bootId: string;
  layerPath(id: string): string;
  /** Creates a fresh directory for something in the making. */
  makeWork(): Promise<string>;
  /** Work directories whose makers are dead. */
  staleWork(): readonly string[];
  /** What this process uses. */
  readonly leases: Leases;
  readonly cacheMounts: CacheMounts;
  readonly failedSteps: FailedSteps;
}

/** Opens (and creates) the state directory at `root`. Throws BuildError('environment') when it cannot be used. */
export function openStateDirectory(root: string): StateDirectory {
  try {
    for (const name of ['blobs/sha256', 'layers', 'work', 'cache-mounts']) {
      makeDirectories(join(root, name), 0o700);
    }
    // Whoever only reads, too, writes down what must stay meanwhile.
    accessSync(join(root, 'work'), constants.W_OK);
  } catch (error) {
    throw buildError(
      'environment',
      'store-not-writable',
      `state directory ${root} is not writable: ${refusalText(error)}`,
      {
        hints: ['choose another one with --root DIR or TSBUILD_ROOT'],
        cause: error,
      },
    );
  }
  const isNew = !existsSync(join(root, 'state.db'));
  const database = openDatabase(join(root, 'state.db'));
  const layers = join(root, 'layers');
  const locks = locksOf(root);
  const leases = Leases.of(root);
  leases.begin();
  const makeWork = async (): Promise<string> => {
    const path = workPath(root);
    mkdirSync(path, {mode: 0o700});
    return path;
  };
  return {
    root,
    database,
    isNew,
    locks,
    bootId: currentBootId() ?? 'unknown',
    layerPath: (id) => `${layers}/${id}/fs`,
    makeWork,
    staleWork: () =>
      readdirSync(join(root, 'work'))
        .filter((name) => !isAlive(name))
        .map((name) => join(root, 'work', name)),
    leases,
    cacheMounts: new CacheMounts({root, locks, own: ownProcess(), makeWork}),
    failedSteps: new FailedSteps({root, makeWork}),
    [Symbol.dispose]: () => {
      // Writes what waits to be written, which leads to what is held.
      database.close();
      leases.end();
    },
  };
}
