// Records that other machines made. Asked one small document at a time, for keys that missed here. A cache that fails,
// is too slow or gives what it cannot have is told of once and not asked again in this build: it can cost time, and
// neither the build nor what is recorded here.

import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';
import type {AskedStep} from '../solver/result-cache.ts';
import type {BuildValue} from '../sources/value.ts';
import {errorText} from '../util/error-text.ts';
import type {CacheBackend} from './backends/backend.ts';
import type {
  BuildkitBuild,
  BuildkitFinding,
  BuildkitImports,
  FoundCache,
} from './buildkit/buildkit-imports.ts';
import type {CacheSources} from './cache-sources.ts';
import {ExpectedLayers} from './expected-layers.ts';
import {withPatience} from './patience.ts';
import type {TellingCache} from './record-cache.ts';
import {documentName, parseRecord, type SharedRecord} from './shared-record.ts';

export interface ImportedRecord {
  readonly record: SharedRecord;
  readonly snapshot: SnapshotId;
}

export interface CacheImportsOptions {
  /** In the order to ask. */
  readonly backends: readonly CacheBackend[];
  readonly sources: CacheSources;
  readonly snapshotter: Snapshotter;
  readonly warn: (diagnostic: Diagnostic) => void;
  readonly signal: AbortSignal;
  /** How long a document may take. */
  readonly patienceMs: number;
  /** For caches that BuildKit has written. */
  readonly build: BuildkitBuild;
}

export class CacheImports {
  readonly #options: CacheImportsOptions;
  /** Why it is not asked any more. */
  readonly #given = new Map<CacheBackend, string>();
  readonly #useful = new Set<CacheBackend>();
  readonly #expected: ExpectedLayers;
  readonly #asked = new Map<string, Promise<ImportedRecord | undefined>>();
  /** By key, what a cache said that could not be used. */
  readonly #answers = new Map<string, Map<CacheBackend, string>>();
  /** By key, as others tell them, also where nobody has their layers. */
  readonly #told = new Map<string, SharedRecord>();
  /** By key, what results are called of which BuildKit has only told. */
  readonly #named = new Map<string, string>();
  #buildkit: Promise<BuildkitImports | undefined> | undefined;
  #telling: Promise<readonly TellingCache[]> | undefined;

  constructor(options: CacheImportsOptions) {
    const {build, snapshotter} = options;
    this.#options = options;
    this.#expected = new ExpectedLayers({...build, snapshotter});
  }

  /** Whether there is anybody to ask. */
  get isOpen(): boolean {
    return this.#options.backends.some((one) => !this.#given.has(one));
  }

  /** Whether a record of this key may be there that nobody asked for yet. */
  mayHave(key: string): boolean {
    return this.toldKeyOf(key) !== undefined || (this.#asked.get(key) === undefined && this.isOpen);
  }

  /** Asks each cache once for each key; `step` is the vertex whose result it is. */
  find(key: string, step?: string): Promise<ImportedRecord | undefined> {
    let promise = this.#asked.get(key);
    if (promise === undefined) {
      promise = this.#find(key, step);
      this.#asked.set(key, promise);
    }
    return promise;
  }

  /** What a cache of BuildKit's has for a step that nobody else has a record of. */
  async findBuildkit(key: string, asked: AskedStep<BuildValue>): Promise<BuildkitFinding | undefined> {
    this.#buildkit ??= this.#openBuildkit();
    const imports = await this.#buildkit;
    const found = await imports?.find(key, asked, (backend) => !this.#given.has(backend));
    if (found !== undefined && found.snapshot === undefined) {
      this.#named.set(key, found.resultKey);
      this.#answer(key, found.backend, 'has its record, and not its layers');
    }
    return found;
  }

  /** The key that a result has whose layers nobody has, as far as a record of it was told of. */
  toldKeyOf(key: string): string | undefined {
    return this.#told.get(key)?.resultKey ?? this.#named.get(key);
  }

  /** What was told of a key that was asked for, whether its layers can be had or not. */
  told(key: string): SharedRecord | undefined {
    return this.#told.get(key);
  }

  /** What each cache said of keys that were not found, for people. */
  answersOf(keys: readonly string[]): readonly string[] {
    const asked = keys.filter((key) => this.#asked.has(key));
    return this.#options.backends.flatMap((backend) => {
      const {name} = backend;
      const reason = this.#given.get(backend);
      if (reason !== undefined) return [`cache ${name} is not used: ${reason}`];
      if (asked.length === 0) return [];
      const answer = asked
        .map((key) => this.#answers.get(key)?.get(backend))
        .find((text) => text !== undefined);
      return [`cache ${name} ${answer ?? 'has no record of it'}`];
    });
  }

  /** What the caches were given lately, to explain misses by. Asked for once, with the first miss. */
  telling(): Promise<readonly TellingCache[]> {
    const {backends, signal, patienceMs} = this.#options;
    this.#telling ??= import('./telling-caches.ts').then(({tellingCaches}) =>
      tellingCaches(
        backends.filter((one) => !this.#given.has(one)),
        {signal, patienceMs},
      ),
    );
    return this.#telling;
  }

  /** Takes back what came from a source that lost a layer. */
  giveUp(source: string, reason: string): void {
    const backend = this.#options.backends.find((one) => this.#options.sources.sourceOf(one) === source);
    if (backend !== undefined) this.#giveUp(backend, reason);
    else this.#warn(`a layer of a shared cache is lost: ${reason}`);
    this.#asked.clear();
  }

  /** Tells of caches that gave nothing, and may never. */
  finish(): void {
    for (const backend of this.#options.backends) {
      const remark = this.#useful.has(backend) ? undefined : backend.remark?.();
      if (remark !== undefined && !this.#given.has(backend)) this.#warn(`cache ${backend.name} ${remark}`);
    }
  }

  async #openBuildkit(): Promise<BuildkitImports | undefined> {
    const {backends, sources, snapshotter, signal, patienceMs, build} = this.#options;
    const found: FoundCache[] = [];
    for (const backend of backends) {
      if (this.#given.has(backend) || backend.buildkit === undefined) continue;
      const read = backend.buildkit.bind(backend);
      try {
        const caches = await withPatience(signal, patienceMs, read);
        const source = sources.sourceOf(backend);
        found.push(...caches.map((cache) => ({backend, source, cache})));
      } catch (error) {
        if (signal.aborted) throw error;
        this.#giveUp(backend, errorText(error));
      }
    }
    if (found.length === 0) return undefined;
    const {BuildkitImports} = await import('./buildkit/buildkit-imports.ts');
    return new BuildkitImports(build, this.#expected, snapshotter, found);
  }

  async #find(key: string, step: string | undefined): Promise<ImportedRecord | undefined> {
    const {backends, sources, snapshotter} = this.#options;
    for (const backend of backends) {
      if (this.#given.has(backend)) continue;
      const record = await this.#read(backend, key);
      if (record === undefined || !(await this.#isPossible(backend, record, step))) continue;
      this.#useful.add(backend);
      if (!this.#told.has(key)) this.#told.set(key, record);
      if (record.layers.length === 0) {
        this.#answer(key, backend, 'has its record, and not its layers');
        continue;
      }
      const source = sources.sourceOf(backend);
      const snapshot = await snapshotter.importShared(record.layers, source);
      if (snapshot !== undefined) return {record, snapshot};
      this.#answer(key, backend, 'has its record, on a base image that is not known here');
    }
    return undefined;
  }

  async #isPossible(
    backend: CacheBackend,
    {layers}: SharedRecord,
    step: string | undefined,
  ): Promise<boolean> {
    const vertex = step === undefined ? undefined : this.#expected.vertex(step);
    if (vertex === undefined || layers.length === 0) return true;
    if (await this.#expected.fit(vertex, layers)) return true;
    this.#giveUp(backend, 'a record has layers that its step cannot have');
    return false;
  }

  #answer(key: string, backend: CacheBackend, text: string): void {
    const answers = this.#answers.get(key) ?? new Map<CacheBackend, string>();
    answers.set(backend, text);
    this.#answers.set(key, answers);
  }

  async #read(backend: CacheBackend, key: string): Promise<SharedRecord | undefined> {
    const {signal, patienceMs} = this.#options;
    try {
      const bytes = await withPatience(signal, patienceMs, (limited) =>
        backend.read(documentName(key), limited),
      );
      if (bytes === undefined) return undefined;
      const record = parseRecord(key, bytes);
      if (!('problem' in record)) return record;
      this.#giveUp(backend, `a record ${record.problem}`);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#giveUp(backend, errorText(error));
    }
    return undefined;
  }

  #giveUp(backend: CacheBackend, reason: string): void {
    if (this.#given.has(backend)) return;
    this.#given.set(backend, reason);
    this.#warn(`cache ${backend.name} is not used any more in this build: ${reason}`);
  }

  #warn(message: string): void {
    this.#options.warn({severity: 'warning', code: 'cache-import', message});
  }
}
