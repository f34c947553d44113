// The vertices of a build as BuildKit's steps, and what is in their inputs: worked out once, whatever the number of
// caches that are asked.

import type {ImageSource} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import type {DiffId} from '../../oci/digest.ts';
import type {BuildValue} from '../../sources/value.ts';
import type {ChecksumPlace} from '../../tree/buildkit-checksum.ts';
import {type BuildkitInput, type BuildkitStep, contentDigest, isVertex} from './step.ts';
import {stepOf} from './vertex-step.ts';

/** What is known of vertices beside their ops. */
export interface VertexValues {
  /** What BuildKit may have as keys of an image. */
  imageKeysOf(vertex: Vertex, source: ImageSource): Promise<readonly string[]>;
  /** Undefined: it is not made yet. */
  inputOf(vertex: Vertex): Promise<BuildValue | undefined>;
  /** Of a step that is made: its layers, bottom first, as far as they have been packed. Undefined: it is not made. */
  layersOf(vertex: Vertex): readonly (DiffId | undefined)[] | undefined;
  /** What BuildKit may have had as the checksum of these places, all together; none: it cannot be told. */
  checksumsOf(value: BuildValue, places: readonly ChecksumPlace[]): Promise<readonly string[]>;
}

export class BuildSteps {
  readonly #values: VertexValues;
  readonly #steps = new Map<Vertex, Promise<BuildkitStep>>();
  readonly #contents = new Map<BuildkitInput, Promise<ReadonlySet<string>>>();

  constructor(values: VertexValues) {
    this.#values = values;
  }

  stepOf(vertex: Vertex): Promise<BuildkitStep> {
    return onceIn(this.#steps, vertex, async () => stepOf(vertex, await this.#imageKeysOf(vertex)));
  }

  layersOf(vertex: Vertex): readonly (DiffId | undefined)[] | undefined {
    return this.#values.layersOf(vertex);
  }

  /** Digests of the records that its content may have; none where it is not made, or may not be matched by content. */
  async contentsOf(input: BuildkitInput): Promise<ReadonlySet<string>> {
    const {from, places} = input;
    if (!isVertex(from) || places === undefined) return new Set();
    const value = await this.#values.inputOf(from);
    if (value === undefined) return new Set();
    return onceIn(this.#contents, input, async () => {
      const checksums = await this.#values.checksumsOf(value, places);
      return new Set(checksums.map((checksum) => contentDigest(checksum)));
    });
  }

  async #imageKeysOf(vertex: Vertex): Promise<readonly string[]> {
    const {op} = vertex;
    return op.kind === 'source' && op.source.type === 'image'
      ? this.#values.imageKeysOf(vertex, op.source)
      : [];
  }
}

/** What failed is tried again by whoever asks next. */
function onceIn<K, T>(known: Map<K, Promise<T>>, key: K, work: () => Promise<T>): Promise<T> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const promise = work();
  known.set(key, promise);
  promise.catch(() => known.delete(key));
  return promise;
}
