// What RUN --mount=type=cache keeps between builds. A cache has an id and, by what it was started from and whom it
// belongs to, variants; each is a directory that steps write in place, several at a time if they like.
//   cache-mounts/<hash of id>/<hash of variant>/fs       the contents
//   cache-mounts/<hash of id>/<hash of variant>/users/   an empty file for each step that has it mounted
// A cache can be forgotten (--no-cache) while another build uses it: that build keeps what it has, and it is swept when
// its process has ended, as all that lies in `work`.

import {createHash, randomBytes} from 'node:crypto';
import {mkdir, readdir, rename, rmdir, unlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {LockSpace} from './lock.ts';
import {isAlive} from './process-start.ts';

export interface CacheMountPlace {
  readonly root: string;
  readonly locks: LockSpace;
  /** This process, as directories in `work` are named after it. */
  readonly own: string;
  makeWork(): Promise<string>;
}

export interface CacheMountUse {
  /** The directory to mount. */
  readonly path: string;
  release(): Promise<void>;
}

export class CacheMounts {
  readonly #place: CacheMountPlace;

  constructor(place: CacheMountPlace) {
    this.#place = place;
  }

  /** The directory of a cache, made and filled by `fill` when it is not there. In use until it is released. */
  use(
    id: string,
    variant: string,
    fill: (directory: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<CacheMountUse> {
    return this.#alone(id, signal, async () => {
      const folder = join(this.#folderOf(id), hashOf(variant));
      const users = join(folder, 'users');
      const mark = join(users, `${this.#place.own}.${randomName()}`);
      if (!(await hasEntries(folder))) {
        const work = await this.#place.makeWork();
        await mkdir(join(work, 'made', 'fs'), {recursive: true, mode: 0o755});
        await mkdir(join(work, 'made', 'users'), {mode: 0o700});
        await fill(join(work, 'made', 'fs'));
        await mkdir(this.#folderOf(id), {recursive: true, mode: 0o700});
        await rename(join(work, 'made'), folder);
        await rmdir(work);
      }
      await writeFile(mark, '');
      return {path: join(folder, 'fs'), release: () => unlink(mark).catch(() => undefined)};
    });
  }

  /** Lets go of all variants of a cache. What comes back is nobody's any more and to be removed. */
  forget(id: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#alone(id, signal, async () => {
      const folder = this.#folderOf(id);
      const user = (await this.#usersOf(folder)).find(isAlive);
      const away = join(this.#place.root, 'work', `${user ?? this.#place.own}.${randomName()}`);
      try {
        await rename(folder, away);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      return user === undefined ? away : undefined;
    });
  }

  /** `<pid>.<start>` of everybody who has said that they use a variant. */
  async #usersOf(folder: string): Promise<readonly string[]> {
    const variants = await entriesOf(folder);
    const users = await Promise.all(variants.map((variant) => entriesOf(join(folder, variant, 'users'))));
    return users.flat().map((name) => name.split('.').slice(0, 2).join('.'));
  }

  #alone<T>(id: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#place.locks.withLock(`cache-mount-making ${hashOf(id)}`, signal, work);
  }

  #folderOf(id: string): string {
    return join(this.#place.root, 'cache-mounts', hashOf(id));
  }
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function hasEntries(folder: string): Promise<boolean> {
  return (await entriesOf(folder)).length > 0;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function randomName(): string {
  return randomBytes(8).toString('hex');
}
