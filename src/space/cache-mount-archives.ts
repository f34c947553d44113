// Cache mounts as things that travel: their contents as a tar with owners, modes, times and attributes, out of the
// state directory and into it. An archive is hostile: the helper resolves its paths inside the new directory, and
// nothing of it is seen before all of it is there. A cache that a step uses is neither read nor replaced.

import {randomBytes} from 'node:crypto';
import {existsSync} from 'node:fs';
import {realpath} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import type {Helper} from '../helper/helper.ts';
import {parseVariantText, plainVariant} from '../store/cache-mount-variant.ts';
import type {CacheDescription, CacheName} from '../store/cache-mounts.ts';
import type {StateDirectory} from '../store/state-directory.ts';

export interface CacheMountArchivesOptions {
  readonly state: StateDirectory;
  readonly helper: () => Promise<Helper>;
}

export class CacheMountArchives {
  readonly #options: CacheMountArchivesOptions;

  constructor(options: CacheMountArchivesOptions) {
    this.#options = options;
  }

  /**
   * Writes the contents as an uncompressed tar to `file`, the same bytes for the same contents. Throws
   * BuildError('user') when there is no such cache, or a step uses it.
   */
  async export(cache: CacheName, file: string, signal: AbortSignal): Promise<void> {
    const helper = await this.#options.helper();
    const pack = (directory: string) => {
      const args = ['view=0', `dir=${directory}`, 'flatten=1', 'rootmember=1', 'allxattrs=1'];
      return helper.request('pack', [...args, `out=${file}`, 'compress=none'], {signal});
    };
    await this.#options.state.cacheMounts.look(cache, pack, signal);
  }

  /**
   * Makes a cache of the tar `file` (compressed or not), in place of what it was. Throws BuildError('user') when the
   * file is none, or a step uses the cache.
   */
  async import(cache: CacheDescription, file: string, signal: AbortSignal): Promise<void> {
    const fill = (directory: string): Promise<void> => this.unpack(cache, file, directory, signal);
    const old = await this.#options.state.cacheMounts.replace(cache, fill, signal);
    if (old === undefined) return;
    const helper = await this.#options.helper();
    await helper.request('remove', [`path=${old}`], {signal});
  }

  /** Fills the empty directory of a cache with what the tar `file` holds. */
  async unpack(cache: CacheName, file: string, directory: string, signal: AbortSignal): Promise<void> {
    const helper = await this.#options.helper();
    const archive = await realpath(file);
    // What is no archive is copied as a file, under this name.
    const name = randomBytes(16).toString('hex');
    const {mode, uid, gid} = parseVariantText(cache.variant) ?? plainVariant;
    const own = ['action=attributes', 'path=/', `owner=${uid}:${gid}`, `mode=${mode.toString(8)}`];
    const copy = ['action=copy', 'view=0', `source=/${basename(archive)}`, 'destination=/', `name=${name}`];
    const views = [`upper=${directory}`, 'view=0', `dir=${dirname(archive)}`];
    await helper.request('copy', [...views, ...copy, 'unpack=1', 'require=1', ...own], {signal});
    if (existsSync(join(directory, name))) throw noArchive(file);
  }
}

function noArchive(file: string): Error {
  return buildError('user', 'cache-mount-no-archive', `${file} is no tar archive`);
}
