// Results of steps from caches that BuildKit has written. A step is asked for with its vertex; what is found is
// recorded here under our own key, as a record of another tsbuild would be. Its result key follows from the layers,
// so equal bits have one name; a step whose key alone is known has a name of its own, by which what was built on it
// is found.

import type {ImageSource} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {chainIdOf, digestOf, hexOf} from '../../oci/digest.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {Snapshotter} from '../../snapshot/snapshotter.ts';
import type {AskedStep} from '../../solver/result-cache.ts';
import type {BuildValue} from '../../sources/value.ts';
import type {ChecksumPlace} from '../../tree/buildkit-checksum.ts';
import type {CacheBackend} from '../backends/backend.ts';
import type {ExpectedLayers, ExpectedLayersOptions} from '../expected-layers.ts';
import {BuildSteps} from './build-steps.ts';
import type {BuildkitCache, BuildkitRecord} from './cache-config.ts';
import {RecordMatcher} from './record-matcher.ts';
import {manifestKeyOf} from './vertex-step.ts';

/** What a build must know for keys of BuildKit's. */
export interface BuildkitBuild extends Pick<ExpectedLayersOptions, 'targets' | 'open'> {
  /** What the name of an image stands for now, if that is still the image of this source. */
  rootDigestOf(source: ImageSource): Promise<string | undefined>;
  checksumsOf(value: BuildValue, places: readonly ChecksumPlace[]): Promise<readonly string[]>;
}

/** A cache that was found, and what its layers call the place. */
export interface FoundCache {
  readonly backend: CacheBackend;
  readonly source: string;
  readonly cache: BuildkitCache;
}

export interface BuildkitFinding {
  readonly backend: CacheBackend;
  readonly resultKey: string;
  /** Undefined: only the key is known. */
  readonly snapshot?: SnapshotId;
}

export class BuildkitImports {
  readonly #build: BuildkitBuild;
  readonly #snapshotter: Snapshotter;
  readonly #caches: readonly (FoundCache & {readonly matcher: RecordMatcher})[];
  readonly #expected: ExpectedLayers;
  /** Of steps, as far as they are made. */
  readonly #values = new Map<Vertex, BuildValue>();

  constructor(
    build: BuildkitBuild,
    expected: ExpectedLayers,
    snapshotter: Snapshotter,
    caches: readonly FoundCache[],
  ) {
    this.#build = build;
    this.#expected = expected;
    this.#snapshotter = snapshotter;
    const steps = new BuildSteps({
      imageKeysOf: (vertex, source) => this.#imageKeysOf(vertex, source),
      inputOf: async (vertex) =>
        vertex.op.kind === 'source' ? build.open(vertex) : this.#values.get(vertex),
      // A source is known by its key, and mostly has a record without layers.
      layersOf: (vertex) =>
        vertex.op.kind === 'source' ? undefined : expected.layersIn(this.#values.get(vertex)),
      checksumsOf: (value, places) => build.checksumsOf(value, places),
    });
    this.#caches = caches.map((found) => ({...found, matcher: new RecordMatcher(found.cache, steps)}));
  }

  /** `isUsable` tells which caches may still be asked. */
  async find(
    key: string,
    {id, inputs}: AskedStep<BuildValue>,
    isUsable: (backend: CacheBackend) => boolean,
  ): Promise<BuildkitFinding | undefined> {
    const vertex = this.#expected.vertex(id);
    if (vertex === undefined) return undefined;
    this.#learn(vertex, inputs);
    let told: BuildkitFinding | undefined;
    for (const {backend, source, cache, matcher} of this.#caches) {
      if (!isUsable(backend)) continue;
      const found = [...(await matcher.match(vertex))].flatMap((index) => cache.records[index] ?? []);
      if (found.length === 0) continue;
      told ??= {backend, resultKey: hexOf(digestOf(`buildkit key ${cache.id} ${key}`))};
      const result = await this.#resultOf(vertex, found);
      if (result === undefined) continue;
      const snapshot = await this.#snapshotter.importShared(result.layers, source);
      if (snapshot === undefined) continue;
      const chain = chainIdOf(result.layers.map(({diffId}) => diffId));
      return {backend, resultKey: hexOf(digestOf(`buildkit result ${chain} ${key}`)), snapshot};
    }
    return told;
  }

  #learn(vertex: Vertex, inputs: readonly (BuildValue | undefined)[]): void {
    let isNew = false;
    for (const [index, value] of inputs.entries()) {
      const input = vertex.inputs[index];
      if (input === undefined || value === undefined || this.#values.has(input)) continue;
      this.#values.set(input, value);
      isNew = true;
    }
    if (isNew) for (const {matcher} of this.#caches) matcher.learn();
  }

  /** The newest that stands on the layers it has to stand on, and has as many as the step and those below it give. */
  async #resultOf(vertex: Vertex, records: readonly BuildkitRecord[]): Promise<BuildkitRecord | undefined> {
    const sorted = records.toSorted((a, b) => createdMsOf(b) - createdMsOf(a));
    for (const record of sorted) {
      if (record.layers.length > 0 && (await this.#expected.fit(vertex, record.layers))) return record;
    }
    return undefined;
  }

  /** By its layers, whatever it was called; and by the digest that its name stood for, of a manifest or an index. */
  async #imageKeysOf(vertex: Vertex, source: ImageSource): Promise<readonly string[]> {
    const {reference, manifestDigest, platform} = source;
    const layers = await this.#expected.layersOf(vertex);
    const named = /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
    const names = [manifestDigest, named ?? (await this.#build.rootDigestOf(source))];
    const keys = names.flatMap((name) => (name === undefined ? [] : manifestKeyOf(name, platform)));
    return layers.length === 0 ? keys : [...keys, chainIdOf(layers)];
  }
}

function createdMsOf({layers}: BuildkitRecord): number {
  return layers.at(-1)?.createdMs ?? 0;
}
