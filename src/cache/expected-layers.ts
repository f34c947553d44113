// Which layers a step can have: those of its base image lowest, and one for each step on it. A cache that tells of
// others lies, and what it tells would be an image that is none.

import type {Vertex} from '../graph/vertex.ts';
import type {DiffId} from '../oci/digest.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';
import type {BuildValue} from '../sources/value.ts';

export interface ExpectedLayersOptions {
  /** What the build is to make: every vertex is below one of them. */
  readonly targets: readonly Vertex[];
  /** The value of a source. */
  open(vertex: Vertex): Promise<BuildValue>;
  readonly snapshotter: Pick<Snapshotter, 'layersOf' | 'layerRow'>;
}

interface Expected {
  /** Of the base image. */
  readonly bottom: readonly string[];
  readonly count: number;
}

const nothing: Expected = {bottom: [], count: 0};

export class ExpectedLayers {
  readonly #options: ExpectedLayersOptions;
  readonly #vertices = new Map<string, Vertex>();
  readonly #known = new Map<Vertex, Promise<Expected>>();

  constructor(options: ExpectedLayersOptions) {
    this.#options = options;
    for (const target of options.targets) this.#visit(target);
  }

  vertex(id: string): Vertex | undefined {
    return this.#vertices.get(id);
  }

  async fit(vertex: Vertex, layers: readonly {readonly diffId: DiffId}[]): Promise<boolean> {
    const {bottom, count} = await this.#expected(vertex);
    return layers.length === count && bottom.every((diffId, index) => layers[index]?.diffId === diffId);
  }

  /** Of a source. */
  async layersOf(vertex: Vertex): Promise<readonly DiffId[]> {
    const layers = this.layersIn(await this.#options.open(vertex)) ?? [];
    return layers.flatMap((diffId) => diffId ?? []);
  }

  /** Undefined: it has none, as a directory of the host. A layer without a blob has no DiffId. */
  layersIn(value: BuildValue | undefined): readonly (DiffId | undefined)[] | undefined {
    const {snapshotter} = this.#options;
    if (value?.type !== 'snapshot') return undefined;
    if (value.snapshot === undefined) return [];
    return snapshotter.layersOf(value.snapshot).map((layer) => snapshotter.layerRow(layer).diffId);
  }

  #visit(vertex: Vertex): void {
    if (this.#vertices.has(vertex.id)) return;
    this.#vertices.set(vertex.id, vertex);
    for (const input of vertex.inputs) this.#visit(input);
  }

  #expected(vertex: Vertex): Promise<Expected> {
    let promise = this.#known.get(vertex);
    if (promise === undefined) {
      promise = this.#find(vertex);
      this.#known.set(vertex, promise);
    }
    return promise;
  }

  async #find(vertex: Vertex): Promise<Expected> {
    const {op, inputs} = vertex;
    if (op.kind === 'source') {
      const bottom = await this.layersOf(vertex);
      return {bottom, count: bottom.length};
    }
    if (op.kind === 'merge') {
      const all = await Promise.all(inputs.map((input) => this.#expected(input)));
      return {bottom: all[0]?.bottom ?? [], count: all.reduce((sum, {count}) => sum + count, 0)};
    }
    const base = inputs[op.kind === 'file' ? op.base : op.rootInput];
    const below = base === undefined ? nothing : await this.#expected(base);
    return {...below, count: below.count + 1};
  }
}
