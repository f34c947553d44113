// mounts= of --cache-from and --cache-to: cache mounts that are not here begin with what other machines have, and those
// that this build has are written for others when it is over, also when it failed. Only what steps may see is touched:
// a mount is filled before anybody has it, and read while nobody does.

import {mkdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {BackendDirection} from '../../cache/backends/backend.ts';
import {booleanOption} from '../../cache/backends/read-options.ts';
import {MountExport} from '../../cache/mounts/mount-export.ts';
import {MountImports} from '../../cache/mounts/mount-imports.ts';
import type {MountPlace} from '../../cache/mounts/mount-place.ts';
import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import type {CacheContents} from '../../ops/exec/step-mounts.ts';
import {CacheMountArchives} from '../../space/cache-mount-archives.ts';
import type {CacheName} from '../../store/cache-mounts.ts';
import {errorText} from '../../util/error-text.ts';
import type {Engine} from '../engine.ts';
import type {BuildRequest, CacheSpec} from '../request.ts';
import {mountWishOf, openBackend, patienceOf} from './open-backend.ts';

interface OpenExport {
  readonly name: string;
  readonly ignoresErrors: boolean;
  readonly writer: MountExport;
}

export class SharedMounts implements CacheContents {
  readonly #engine: Engine;
  readonly #archives: CacheMountArchives;
  readonly #imports: MountImports;
  readonly #exports: readonly OpenExport[];
  readonly #warn: (diagnostic: Diagnostic) => void;
  readonly #used = new Map<string, CacheName>();
  #fresh: ReadonlySet<string> = new Set();
  #isFinished = false;

  /** Throws BuildError('usage') for options that make no sense; asks nobody yet. */
  constructor(
    request: BuildRequest,
    engine: Engine,
    warn: (diagnostic: Diagnostic) => void,
    signal: AbortSignal,
  ) {
    const services = {...engine.cacheSources.services, workingDirectory: request.workingDirectory};
    const placesOf = (specs: readonly CacheSpec[], direction: BackendDirection) =>
      specs.flatMap((spec): {spec: CacheSpec; place: MountPlace}[] => {
        const wish = mountWishOf(spec);
        if (wish === undefined) return [];
        const backend = openBackend(spec, direction, services);
        return [{spec, place: {...wish, backend, patienceMs: patienceOf(spec) * 1000}}];
      });
    const places = placesOf(request.cacheFrom ?? [], 'from').map(({place}) => place);
    this.#engine = engine;
    this.#archives = new CacheMountArchives(engine);
    this.#imports = new MountImports({places, warn});
    this.#exports = placesOf(request.cacheTo ?? [], 'to').map(({spec: {type, options}, place}) => ({
      name: place.backend.name,
      ignoresErrors: booleanOption(type, options, 'ignore-error') ?? true,
      writer: new MountExport(place, signal),
    }));
    this.#warn = warn;
  }

  /** Caches of steps that are told to run again begin with nothing (--no-cache). */
  keepFresh(ids: ReadonlySet<string>): void {
    this.#fresh = ids;
  }

  async fill(cache: CacheName, directory: string, signal: AbortSignal): Promise<string | undefined> {
    if (this.#fresh.has(cache.id)) return undefined;
    return this.#withFile(async (file) => {
      const origin = await this.#imports.fetch(cache, file, signal);
      if (origin === undefined) return undefined;
      try {
        await this.#archives.unpack(cache, file, directory, signal);
        return origin;
      } catch (error) {
        if (signal.aborted) throw error;
        await this.#emptied(cache, directory, error);
        return undefined;
      }
    });
  }

  /** Whoever wrote it wrote no archive: the mount begins as if nobody had it. */
  async #emptied({id}: CacheName, directory: string, error: unknown): Promise<void> {
    const helper = await this.#engine.helper();
    await helper.request('remove', [`path=${directory}`]);
    await mkdir(directory, {mode: 0o755});
    const reason = errorText(error);
    const message = `cache mount ${id} of another machine cannot be unpacked, and begins empty: ${reason}`;
    this.#warn({severity: 'warning', code: 'cache-import', message});
  }

  used(cache: CacheName): void {
    this.#used.set(`${cache.id} ${cache.variant}`, cache);
  }

  /**
   * Writes those of `caches` that steps had in this build, or that the other place does not have yet. Once: what comes
   * after the first time, when the build fails of it, finds it done. Throws the first failure when all were tried.
   */
  async finish(caches: readonly CacheName[], isFailed: boolean, signal: AbortSignal): Promise<void> {
    if (this.#isFinished || this.#exports.length === 0) return;
    this.#isFinished = true;
    const known = this.#engine.state.cacheMounts.list();
    const here = caches.filter(
      ({id, variant}) =>
        known
          .find((cache) => cache.id === id)
          ?.variants.some(({description}) => description?.variant === variant) === true,
    );
    let failure: BuildError | undefined;
    for (const {name, ignoresErrors, writer} of this.#exports) {
      for (const cache of here.filter((each) => writer.wants(each))) {
        try {
          await this.#write(cache, writer, signal);
        } catch (error) {
          if (signal.aborted) throw error;
          const reason = errorText(error);
          const message = `cache mount ${cache.id} was not written to cache ${name}: ${reason}`;
          const isInUse = error instanceof BuildError && error.diagnostics[0].code === 'cache-mount-in-use';
          if (!ignoresErrors && !isFailed && !isInUse) {
            failure ??= buildError('environment', 'cache-export', message, {cause: error});
          } else {
            this.#warn({severity: 'warning', code: 'cache-export', message});
          }
        }
      }
    }
    if (failure !== undefined) throw failure;
  }

  async #write(cache: CacheName, writer: MountExport, signal: AbortSignal): Promise<void> {
    const isUsed = this.#used.has(`${cache.id} ${cache.variant}`);
    if (!isUsed && (await writer.has(cache))) return;
    await this.#withFile(async (file) => {
      await this.#archives.export(cache, file, signal);
      await writer.write(cache, file);
    });
  }

  async #withFile<T>(use: (file: string) => Promise<T>): Promise<T> {
    const work = await this.#engine.state.makeWork();
    try {
      return await use(join(work, 'mount.tar'));
    } finally {
      await rm(work, {recursive: true, force: true});
    }
  }
}
