// What RUN --mount=type=cache keeps between builds. A cache has an id and, by what it was started from and whom it
// belongs to, variants; each is a directory that steps write in place, several at a time if they like.
//   cache-mounts/<hash of id>/<hash of variant>/fs       the contents
//   cache-mounts/<hash of id>/<hash of variant>/users/   an empty file for each step that has it mounted
//   cache-mounts/<hash of id>/<hash of variant>/cache.json  what it is, for people
//   cache-mounts/<hash of id>/<hash of variant>/forgotten   no step begins to use it any more
// A cache can be forgotten (--no-cache) while others use it, or are about to mount it by its path: so it stays where it
// is until the last of them lets go, and whoever comes meanwhile gets another beside it, <hash of variant>.<random>.

import {createHash, randomBytes} from 'node:crypto';
import {existsSync, readFileSync, statSync} from 'node:fs';
import {mkdir, readdir, rename, rmdir, unlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import type {LockSpace} from './lock.ts';
import {namesIn} from './names-in.ts';
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

/** Which cache is meant: text of `cache-mount-variant.ts`. */
export interface CacheName {
  readonly id: string;
  readonly variant: string;
}

/** What is written beside the contents. */
export interface CacheDescription extends CacheName {
  /** As the last step that had it mounted said. */
  readonly sharing?: string | undefined;
  /** Where the contents were taken from, if they were: a scope of a shared cache, a file. */
  readonly origin?: string | undefined;
}

export interface CacheVariantFacts {
  readonly folder: string;
  /** Undefined: made before it was kept. */
  readonly description: CacheDescription | undefined;
  readonly createdMs: number;
  /** When a step last began or ended to use it. */
  readonly usedMs: number;
  readonly inUse: boolean;
}

/** One cache with all its variants. */
export interface CacheMountFacts {
  /** Its folder in `cache-mounts`. */
  readonly folder: string;
  /** Undefined: made before ids were kept. */
  readonly id: string | undefined;
  /** Without those that are forgotten and only wait for the end of their users. */
  readonly variants: readonly CacheVariantFacts[];
  readonly createdMs: number;
  readonly usedMs: number;
  readonly inUse: boolean;
}

const factsName = 'cache.json';
const forgottenName = 'forgotten';

export class CacheMounts {
  readonly #place: CacheMountPlace;

  constructor(place: CacheMountPlace) {
    this.#place = place;
  }

  /**
   * The directory of a cache, made and filled by `fill` when it is not there, which tells where the contents are
   * from. In use until it is released.
   */
  use(
    cache: CacheDescription,
    fill: (directory: string) => Promise<string | undefined>,
    signal: AbortSignal,
    onWait?: () => void,
  ): Promise<CacheMountUse> {
    const work = async (): Promise<CacheMountUse> => {
      // Of users that were killed; swept when this process has ended, as all that lies in `work`.
      await this.#takeForgotten(this.#folderOf(cache.id));
      const known = await this.#currentOf(cache);
      if (known !== undefined) await describe(known, {...descriptionIn(known), ...cache});
      const folder = known ?? (await this.#put(await this.#make(cache, fill), cache));
      const mark = join(folder, 'users', `${this.#place.own}.${randomName()}`);
      await writeFile(mark, '');
      return {path: join(folder, 'fs'), release: () => this.#release(cache.id, folder, mark)};
    };
    return this.#aloneWith(hashOf(cache.id), signal, work, onWait);
  }

  /**
   * Lets `look` see the contents of a cache, which nobody changes meanwhile: steps that want it wait. Throws
   * BuildError('user') when there is none, or a step uses it.
   */
  look<T>(cache: CacheName, look: (directory: string) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#aloneWith(hashOf(cache.id), signal, async () => {
      const folder = await this.#currentOf(cache);
      if (folder === undefined) throw noSuchCache(cache.id);
      await requireUnused(cache.id, folder);
      return look(join(folder, 'fs'));
    });
  }

  /**
   * Puts what `fill` makes in the place of a cache; gives what was there, which is to be removed. Throws
   * BuildError('user') when a step uses it.
   */
  async replace(
    cache: CacheDescription,
    fill: (directory: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const work = await this.#make(cache, async (directory) => {
      await fill(directory);
      return undefined;
    });
    return this.#aloneWith(hashOf(cache.id), signal, async () => {
      const folder = await this.#currentOf(cache);
      if (folder !== undefined) await requireUnused(cache.id, folder);
      const away = folder === undefined ? undefined : await this.#displace(folder);
      await this.#put(work, cache);
      return away;
    });
  }

  /** What there is. */
  list(): readonly CacheMountFacts[] {
    const home = join(this.#place.root, 'cache-mounts');
    return namesIn(home).map((folder) => {
      const variants = namesIn(join(home, folder)).map((name) => variantIn(join(home, folder), name));
      return {
        folder,
        id: variants.find(({description}) => description !== undefined)?.description?.id,
        variants: variants.filter((variant) => !isForgotten(join(home, folder, variant.folder))),
        createdMs: createdMsOf(join(home, folder)),
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
      return this.#displace(path);
    });
  }

  /**
   * Lets go of all variants of a cache: no step that begins later gets one of them. Gives those that nobody uses, which
   * are to be removed; the others stay where they are for their users.
   */
  forget(id: string, signal: AbortSignal): Promise<readonly string[]> {
    const home = this.#folderOf(id);
    return this.#aloneWith(hashOf(id), signal, async () => {
      // Marked before its users are counted, who look for the mark when they no longer count: one of both sees it.
      for (const name of await entriesOf(home)) await writeFile(join(home, name, forgottenName), '');
      return this.#takeForgotten(home);
    });
  }

  async #release(id: string, folder: string, mark: string): Promise<void> {
    await unlink(mark).catch(() => undefined);
    if (!isForgotten(folder)) return;
    const never = new AbortController().signal;
    await this.#aloneWith(hashOf(id), never, () => this.#takeForgotten(this.#folderOf(id)));
  }

  /** Renames what is forgotten and used by nobody any more into `work`. Only whoever is alone with the cache may. */
  async #takeForgotten(home: string): Promise<readonly string[]> {
    const folders = (await entriesOf(home)).map((name) => join(home, name));
    const away: string[] = [];
    for (const folder of folders.filter(isForgotten)) {
      if ((await entriesOf(join(folder, 'users'))).some(isAlive)) continue;
      const path = await this.#displace(folder);
      if (path !== undefined) away.push(path);
    }
    if (away.length > 0) await rmdir(home).catch(() => undefined);
    return away;
  }

  /** Renames a cache into `work`, where it lives as long as this process; undefined: there was none. */
  async #displace(folder: string): Promise<string | undefined> {
    const away = join(this.#place.root, 'work', `${this.#place.own}.${randomName()}`);
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

  /** A cache in the making; gives its work directory. */
  async #make(
    cache: CacheDescription,
    fill: (directory: string) => Promise<string | undefined>,
  ): Promise<string> {
    const work = await this.#place.makeWork();
    await mkdir(join(work, 'made', 'fs'), {recursive: true, mode: 0o755});
    await mkdir(join(work, 'made', 'users'), {mode: 0o700});
    const origin = (await fill(join(work, 'made', 'fs'))) ?? cache.origin;
    await describe(join(work, 'made'), {...cache, origin});
    return work;
  }

  /** Gives where it lies now. */
  async #put(work: string, cache: CacheName): Promise<string> {
    const home = this.#folderOf(cache.id);
    await mkdir(home, {recursive: true, mode: 0o700});
    const plain = join(home, hashOf(cache.variant));
    const folder = (await hasEntries(plain)) ? `${plain}.${randomName()}` : plain;
    await rename(join(work, 'made'), folder);
    await rmdir(work);
    return folder;
  }

  /** The one that is not forgotten, if there is one. */
  async #currentOf({id, variant}: CacheName): Promise<string | undefined> {
    const home = this.#folderOf(id);
    const hash = hashOf(variant);
    for (const name of await entriesOf(home)) {
      const folder = join(home, name);
      if (name.split('.')[0] === hash && !isForgotten(folder) && (await hasEntries(folder))) return folder;
    }
    return undefined;
  }

  #aloneWith<T>(
    folder: string,
    signal: AbortSignal,
    work: () => Promise<T>,
    onWait?: () => void,
  ): Promise<T> {
    return this.#place.locks.withLock(`cache-mount-making ${folder}`, signal, work, onWait);
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

function variantIn(home: string, folder: string): CacheVariantFacts {
  const path = join(home, folder);
  const users = statSync(join(path, 'users'), {throwIfNoEntry: false});
  return {
    folder,
    description: descriptionIn(path),
    createdMs: createdMsOf(join(path, 'fs')),
    usedMs: users?.mtimeMs ?? 0,
    inUse: namesIn(join(path, 'users')).some(isAlive),
  };
}

function isForgotten(folder: string): boolean {
  return existsSync(join(folder, forgottenName));
}

function createdMsOf(path: string): number {
  return statSync(path, {throwIfNoEntry: false})?.birthtimeMs ?? 0;
}

function descriptionIn(path: string): CacheDescription | undefined {
  try {
    const {id, variant, sharing, origin} = JSON.parse(readFileSync(join(path, factsName), 'utf8')) as Record<
      string,
      unknown
    >;
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    return {id: String(id), variant: String(variant), sharing: text(sharing), origin: text(origin)};
  } catch {
    return undefined;
  }
}

/** Written beside its name, so that nobody reads a half of it. */
async function describe(folder: string, description: CacheDescription): Promise<void> {
  const {id, variant, sharing, origin} = description;
  const text = JSON.stringify({id, variant, sharing, origin});
  const path = join(folder, factsName);
  if (textOf(path) === text) return;
  await writeFile(`${path}.new`, text, {mode: 0o600});
  await rename(`${path}.new`, path);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function noSuchCache(id: string): Error {
  return buildError('user', 'cache-mount-unknown', `there is no cache mount ${id}`);
}

async function requireUnused(id: string, folder: string): Promise<void> {
  if (!(await entriesOf(join(folder, 'users'))).some(isAlive)) return;
  throw buildError('user', 'cache-mount-in-use', `cache mount ${id} is in use by a step that runs`, {
    hints: ['try again when that step has ended'],
  });
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
