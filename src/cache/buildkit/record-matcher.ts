// Which records of a cache of BuildKit's a vertex is: those of one of its digests, each input of which is a record that
// the input of the vertex is, or has the content that the vertex reads. What is in an input is only looked at when a
// record is left that it decides about, and only where it is here.

import type {Vertex} from '../../graph/vertex.ts';
import type {BuildSteps} from './build-steps.ts';
import type {BuildkitCache, BuildkitRecord} from './cache-config.ts';
import {type BuildkitInput, type BuildkitStep, isVertex} from './step.ts';

export class RecordMatcher {
  readonly #records: BuildkitCache['records'];
  readonly #steps: BuildSteps;
  readonly #byDigest = new Map<string, number[]>();
  #found = new Map<Vertex | BuildkitStep, Promise<ReadonlySet<number>>>();

  constructor({records}: BuildkitCache, steps: BuildSteps) {
    this.#records = records;
    this.#steps = steps;
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
    const step = isVertex(vertex) ? await this.#steps.stepOf(vertex) : vertex;
    const candidates = [...step.digests]
      .flatMap((digest) => this.#byDigest.get(digest) ?? [])
      .filter((index) => this.#records[index]?.inputs.length === step.inputs.length);
    let left = new Set(candidates);
    for (const [at, input] of step.inputs.entries()) {
      if (left.size === 0) break;
      left = await this.#withInput(left, at, input);
    }
    // What was made here with other bits is not what BuildKit's records of what stands on it were made from.
    const made = isVertex(vertex) ? this.#steps.layersOf(vertex) : undefined;
    if (made === undefined) return left;
    return new Set([...left].filter((index) => hasLayers(this.#records[index], made)));
  }

  /** Those of `candidates` that have the input at this place. */
  async #withInput(candidates: ReadonlySet<number>, at: number, input: BuildkitInput): Promise<Set<number>> {
    const made = await this.match(input.from);
    const linksOf = (index: number) => this.#records[index]?.inputs[at] ?? [];
    const isMade = (index: number): boolean =>
      linksOf(index).some(({selector, record}) => made.has(record) && input.selectors.includes(selector));
    const found = new Set([...candidates].filter(isMade));
    if (found.size === candidates.size || input.places === undefined) return found;
    const contents = await this.#steps.contentsOf(input);
    for (const index of candidates) {
      const isSame = linksOf(index).some(({selector, record}) => {
        const linked = this.#records[record];
        return selector === '' && linked?.inputs.length === 0 && contents.has(linked.digest);
      });
      if (isSame) found.add(index);
    }
    return found;
  }
}

function hasLayers(record: BuildkitRecord | undefined, diffIds: readonly (string | undefined)[]): boolean {
  const layers = record?.layers ?? [];
  return layers.length === diffIds.length && layers.every(({diffId}, at) => diffId === diffIds[at]);
}
