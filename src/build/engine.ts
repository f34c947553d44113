// What a build stands on, opened once and closed together: state directory, helper, registry client, snapshots.
// Everything that costs is opened when first needed: a cached build asks for neither the helper's sandbox nor the
// network.

import {CacheSources} from '../cache/cache-sources.ts';
import type {Config} from '../config/config.ts';
import {loadConfig} from '../config/load-config.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {takeCompanion} from '../helper/companion.ts';
import type {Helper} from '../helper/helper.ts';
import type {OutputRoom} from '../helper/helper-process.ts';
import {locateHelper} from '../helper/locate-helper.ts';
import {isCacheSource, type OnLayerProgress} from '../snapshot/layer-source.ts';
import {Snapshotter} from '../snapshot/snapshotter.ts';
import type {RegistryClient, RegistryClientOptions} from '../sources/registry/client.ts';
import type {HttpClient, HttpOptions} from '../sources/registry/http.ts';
import {diskState, spaceMemoryIn} from '../space/space-memory.ts';
import {LocalBlobStore} from '../store/blob-store.ts';
import {fullDiskBytes} from '../store/disk-full.ts';
import {FileLists} from '../store/file-lists.ts';
import {removeStaleLeases} from '../store/leases.ts';
import {Notes} from '../store/notes.ts';
import {readSmallFile} from '../store/small-file.ts';
import {openStateDirectory, type StateDirectory} from '../store/state-directory.ts';
import type {Observed} from '../unchanged/observed.ts';
import {after} from '../util/after.ts';
import type {Clock} from '../util/clock.ts';
import {Later} from '../util/later.ts';
import {once} from './once.ts';

/** A build can do without its caches, and does not wait for them as for a base image. */
const cacheTimeouts = {connectMs: 5_000, headersMs: 15_000, stallMs: 15_000};

export interface Engine extends AsyncDisposable {
  readonly state: StateDirectory;
  readonly blobs: LocalBlobStore;
  readonly notes: Notes;
  readonly later: Later;
  readonly fileLists: FileLists;
  readonly snapshotter: Snapshotter;
  readonly config: Config;
  helper(): Promise<Helper>;
  registry(): Promise<RegistryClient>;
  /** Layers and records of other machines. */
  readonly cacheSources: CacheSources;
  /** For sources that are no images. */
  http(): Promise<HttpClient>;
}

/** What decides about the configuration. */
export interface EngineFiles {
  readonly configFile: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes down what is looked at. */
  readonly observed?: Observed | undefined;
}

export interface OpenEngineOptions extends EngineFiles {
  readonly root: string;
  readonly clock: Clock;
  readonly onLayerProgress: OnLayerProgress;
  readonly warn?: (warning: Diagnostic) => void;
  /** See HelperProcessOptions. */
  readonly room?: OutputRoom | undefined;
}

export function readEngineConfig({configFile, environment, observed}: EngineFiles): Promise<Config> {
  return loadConfig({
    configFile,
    environment,
    async readFile(path) {
      const read = await readSmallFile(path).catch((error: unknown) => {
        observed?.file(path, false);
        throw error;
      });
      observed?.file(path, true);
      return read.toString();
    },
  });
}

export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  const {environment, clock, observed} = options;
  const config = await readEngineConfig(options);
  observed?.opening(options.root);
  const state = openStateDirectory(options.root);
  const blobs = new LocalBlobStore(options.root, (path, isHere) => observed?.blob(path, isHere));
  const notes = new Notes(state.database);
  const later = new Later();
  const helper = once(async () => {
    const {HelperProcess} = await import('../helper/helper-process.ts');
    const {room} = options;
    const started: Helper = new HelperProcess({path: locateHelper(environment), room}, takeCompanion());
    const stale = state.staleWork();
    if (stale.length > 0) {
      (await import('../helper/stale-groups.ts')).removeStaleGroups();
      removeStaleLeases(options.root);
      await started.request(
        'remove',
        stale.map((path) => `path=${path}`),
      );
    }
    return started;
  });
  // Starting it sweeps what dead processes have left; where that fills the disk, nothing can begin before.
  const {freeBytes} = diskState(options.root);
  // What is empty need not be measured.
  if (state.isNew) spaceMemoryIn(notes).set({atMs: clock.nowMs(), usedBytes: 0, freeBytes, tookMs: 0});
  if (freeBytes < fullDiskBytes && state.staleWork().length > 0) await helper.get();
  const newHttp = async (own: Partial<HttpOptions>): Promise<HttpClient> => {
    const {HttpClient} = await import('../sources/registry/http.ts');
    return new HttpClient({environment, ...own});
  };
  const newRegistry = async (own: Partial<RegistryClientOptions>): Promise<RegistryClient> => {
    const {RegistryClient} = await import('../sources/registry/client.ts');
    return new RegistryClient({config, environment, clock, ...own});
  };
  const http = once(() => newHttp({}));
  const registry = once(async () => {
    const {pushMemoryIn} = await import('../sources/registry/push/push-memory.ts');
    return newRegistry({memory: pushMemoryIn(notes), warn: options.warn ?? (() => {})});
  });
  const cacheHttp = once(() => newHttp({timeouts: cacheTimeouts}));
  const cacheRegistry = once(() => newRegistry({timeouts: cacheTimeouts}));
  const cacheSources = new CacheSources({
    http: cacheHttp.get,
    registry: cacheRegistry.get,
    storedImages: {
      async rootOf(name) {
        const {imageStoreOf} = await import('../store/image-store.ts');
        return imageStoreOf(state.database, options.root).rootOf(name);
      },
      has: (digest) => blobs.has(digest),
      read: (digest) => blobs.read(digest),
    },
    environment,
    // Places that layers remember are absolute.
    workingDirectory: '/',
  });
  const snapshotter = new Snapshotter({
    state,
    blobs,
    helper: helper.get,
    clock,
    onLayerProgress: options.onLayerProgress,
    onLook: (path, isHere) => observed?.place(path, isHere),
    source: {
      async *fetch(source, blob, into, signal) {
        if (isCacheSource(source)) {
          yield* after(cacheSources.fetch(source, blob, signal), into.size);
          return;
        }
        const client = await registry.get();
        yield* client.fetchBlob(source, blob, signal, into);
      },
      async *decompress(kind, bytes, leave) {
        const {decompress} = await import('../sources/registry/decompress.ts');
        yield* decompress(kind, bytes, leave);
      },
    },
  });
  return {
    state,
    blobs,
    fileLists: new FileLists(state.database, clock),
    notes,
    later,
    snapshotter,
    config,
    helper: helper.get,
    cacheSources,
    registry: registry.get,
    http: http.get,
    async [Symbol.asyncDispose]() {
      later.flush();
      // Whatever cannot be removed now (the helper may be gone) is swept by the next build.
      const cleaned = snapshotter.cleanUp().catch(() => {});
      for (const client of [http, cacheHttp, cacheRegistry]) await (await client.started())?.close();
      await (await registry.started())?.close();
      // The database writes its log back meanwhile.
      state[Symbol.dispose]();
      await cleaned;
      await (await helper.started())?.close();
    },
  };
}
