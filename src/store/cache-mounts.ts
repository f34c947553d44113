// What RUN --mount=type=cache keeps between builds. A cache has an id and, by what it was started from and whom it
// belongs to, variants; each is a directory that steps write in place, several at a time if they like.
//   cache-mounts/<hash of id>/<hash of variant>/fs       the contents
//   cache-mounts/<hash of id>/<hash of variant>/users/   an empty file for each step that has it mounted
//   cache-mounts/<hash of id>/<hash of variant>/cache.json  its id and variant, for people
// A cache can be forgotten (--no-cache) while another build uses it: that build keeps what it has, and it is swept when
// its process has ended, as all that lies in `work`.

import {createHash, randomBytes} from 'node:crypto';
import {readdirSync, readFileSync, statSync} from 'node:fs';
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

/** One cache with all its variants. */
export interface CacheMountFacts {
  /** Its folder in `cache-mounts`. */
  readonly folder: string;
  /** Undefined: made before ids were kept. */
  readonly id: string | undefined;
  readonly variants: readonly {readonly folder: string; readonly variant: string | undefined}[];
  readonly createdMs: number;
  /** When a step last began or ended to use it. */
  readonly usedMs: number;
  readonly inUse: boolean;
}

const factsName = 'cache.json';

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
        await writeFile(join(work, 'made', factsName), JSON.stringify({id, variant}), {mode: 0o600});
        await mkdir(this.#folderOf(id), {recursive: true, mode: 0o700});
        await rename(join(work, 'made'), folder);
        await rmdir(work);
      }
      await writeFile(mark, '');
      return {path: join(folder, 'fs'), release: () => unlink(mark).catch(() => undefined)};
    });
  }

  /** What there is. */
  list(): readonly CacheMountFacts[] {
    const home = join(this.#place.root, 'cache-mounts');
    return readdirSync(home).map((folder) => {
      const variants = namesIn(join(home, folder)).map((variant) => {
        const path = join(home, folder, variant);
        const users = statSync(join(path, 'users'), {throwIfNoEntry: false});
        const inUse = namesIn(join(path, 'users')).some(isAlive);
        return {folder: variant, ...factsOf(path), usedMs: users?.mtimeMs ?? 0, inUse};
      });
      return {
        folder,
        id: variants.find(({id}) => id !== undefined)?.id,
        variants: variants.map(({folder, variant}) => ({folder, variant})),
        createdMs: statSync(join(home, folder), {throwIfNoEntry: false})?.birthtimeMs ?? 0,
        usedMs: Math.max(0, ...variants.map(({usedMs}) => usedMs)),
        inUse: variants.some(({inUse}) => inUse),
      };
    });
  }

  /** Lets go of a cache, by its folder, unless somebody uses it. What comes back is to be removed. */
  forgetUnused(folder: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#aloneWith(folder, signal, async () => {
      const path = join(this.#place.root, 'cache-mounts', folder);
      if ((await this.#usersOf(path)).some(isAlive)) return undefined;
      return this.#displace(path, this.#place.own);
    });
  }

  /** Lets go of all variants of a cache. What comes back is nobody's any more and to be removed. */
  forget(id: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#alone(id, signal, async () => {
      const folder = this.#folderOf(id);
      const user = (await this.#usersOf(folder)).find(isAlive);
      const away = await this.#displace(folder, user ?? this.#place.own);
      return user === undefined ? away : undefined;
    });
  }

  /** Renames a cache into `work`, where it lives as long as `owner`; undefined: there was none. */
  async #displace(folder: string, owner: string): Promise<string | undefined> {
    const away = join(this.#place.root, 'work', `${owner}.${randomName()}`);
    try {
      await rename(folder, away);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return away;
  }

  /** `<pid>.<start>` of everybody who has said that they use a variant. */
  async #usersOf(folder: string): Promise<readonly string[]> {
    const variants = await entriesOf(folder);
    const users = await Promise.all(variants.map((variant) => entriesOf(join(folder, variant, 'users'))));
    return users.flat().map((name) => name.split('.').slice(0, 2).join('.'));
  }

  #alone<T>(id: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#aloneWith(hashOf(id), signal, work);
  }

  #aloneWith<T>(folder: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#place.locks.withLock(`cache-mount-making ${folder}`, signal, work);
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

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function factsOf(path: string): {id: string | undefined; variant: string | undefined} {
  try {
    const {id, variant} = JSON.parse(readFileSync(join(path, factsName), 'utf8')) as Record<string, unknown>;
    return {id: String(id), variant: String(variant)};
  } catch {
    return {id: undefined, variant: undefined};
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
