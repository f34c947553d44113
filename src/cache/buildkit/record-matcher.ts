// Which records of a cache of BuildKit's a vertex is: those of one of its digests, each input of which is a record that
// the input of the vertex is, or has the content that the vertex reads. What is in an input is only looked at when a
// record is left that it decides about, and only where it is here.

import type {ImageSource} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import type {BuildValue} from '../../sources/value.ts';
import type {ChecksumPlace} from '../../tree/buildkit-checksum.ts';
import type {BuildkitCache} from './cache-config.ts';
import {type BuildkitInput, type BuildkitStep, contentDigest, isVertex} from './step.ts';
import {stepOf} from './vertex-step.ts';

/** What is known of vertices beside their ops. */
export interface VertexValues {
  /** What BuildKit may have as keys of an image. */
  imageKeysOf(vertex: Vertex, source: ImageSource): Promise<readonly string[]>;
  /** Undefined: it is not made yet. */
  inputOf(vertex: Vertex): Promise<BuildValue | undefined>;
  /** What BuildKit may have had as the checksum of these places, all together; none: it cannot be told. */
  checksumsOf(value: BuildValue, places: readonly ChecksumPlace[]): Promise<readonly string[]>;
}

export class RecordMatcher {
  readonly #records: BuildkitCache['records'];
  readonly #values: VertexValues;
  readonly #byDigest = new Map<string, number[]>();
  readonly #steps = new Map<Vertex, Promise<BuildkitStep>>();
  readonly #contents = new Map<BuildkitInput, Promise<ReadonlySet<string>>>();
  #found = new Map<Vertex | BuildkitStep, Promise<ReadonlySet<number>>>();

  constructor({records}: BuildkitCache, values: VertexValues) {
    this.#records = records;
    this.#values = values;
    for (const [index, {digest}] of records.entries()) {
      const same = this.#byDigest.get(digest);
      if (same === undefined) this.#byDigest.set(digest, [index]);
      else same.push(index);
    }
  }

  /** Indexes of records. */
  match(vertex: Vertex | BuildkitStep): Promise<ReadonlySet<number>> {
    let promise = this.#found.get(vertex);
    if (promise === undefined) {
      promise = this.#match(vertex);
      this.#found.set(vertex, promise);
    }
    return promise;
  }

  /** Says that more values are known than before. */
  learn(): void {
    this.#found = new Map();
  }

  async #match(vertex: Vertex | BuildkitStep): Promise<ReadonlySet<number>> {
    // A step that is told to run is another one each time, and so is all that stands on it.
    if (isVertex(vertex) && vertex.origin.ignoreCache === true) return new Set();
    const step = isVertex(vertex) ? await this.#stepOf(vertex) : vertex;
    const candidates = [...step.digests]
      .flatMap((digest) => this.#byDigest.get(digest) ?? [])
      .filter((index) => this.#records[index]?.inputs.length === step.inputs.length);
    let left = new Set(candidates);
    for (const [at, input] of step.inputs.entries()) {
      if (left.size === 0) break;
      left = await this.#withInput(left, at, input);
    }
    return left;
  }

  /** Those of `candidates` that have the input at this place. */
  async #withInput(candidates: ReadonlySet<number>, at: number, input: BuildkitInput): Promise<Set<number>> {
    const made = await this.match(input.from);
    const linksOf = (index: number) => this.#records[index]?.inputs[at] ?? [];
    const isMade = (index: number): boolean =>
      linksOf(index).some(({selector, record}) => made.has(record) && input.selectors.includes(selector));
    const found = new Set([...candidates].filter(isMade));
    if (found.size === candidates.size || input.places === undefined) return found;
    const contents = await this.#contentsOf(input);
    for (const index of candidates) {
      const isSame = linksOf(index).some(({selector, record}) => {
        const linked = this.#records[record];
        return selector === '' && linked?.inputs.length === 0 && contents.has(linked.digest);
      });
      if (isSame) found.add(index);
    }
    return found;
  }

  async #contentsOf(input: BuildkitInput): Promise<ReadonlySet<string>> {
    const {from, places} = input;
    if (!isVertex(from) || places === undefined) return new Set();
    const value = await this.#values.inputOf(from);
    if (value === undefined) return new Set();
    let promise = this.#contents.get(input);
    if (promise === undefined) {
      promise = this.#values
        .checksumsOf(value, places)
        .then((checksums) => new Set(checksums.map((checksum) => contentDigest(checksum))));
      this.#contents.set(input, promise);
    }
    return promise;
  }

  async #imageKeysOf(vertex: Vertex): Promise<readonly string[]> {
    const {op} = vertex;
    return op.kind === 'source' && op.source.type === 'image'
      ? this.#values.imageKeysOf(vertex, op.source)
      : [];
  }

  #stepOf(vertex: Vertex): Promise<BuildkitStep> {
    let promise = this.#steps.get(vertex);
    if (promise === undefined) {
      promise = this.#imageKeysOf(vertex).then((keys) => stepOf(vertex, keys));
      this.#steps.set(vertex, promise);
    }
    return promise;
  }
}
