// Layers of the image that have a lot in them become blobs while the next steps run: one at a time, and behind whoever
// works. The export finds such a blob, or waits for it under its lock. It need not be made here: what fails is dropped,
// and fails again, and is told, where somebody asks for it.

import type {Vertex} from '../graph/vertex.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';

type Layers = Pick<Snapshotter, 'stackOf' | 'layerRow' | 'earlyBlobOf'>;

export class EarlyBlobs implements AsyncDisposable {
  readonly #steps: ReadonlySet<string>;
  readonly #layers: Layers;
  readonly #signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #waiting: SnapshotId[] = [];
  #working: Promise<void> | undefined;

  /** `results` are the images, `signal` is the build's. */
  constructor(results: readonly Vertex[], layers: Layers, signal: AbortSignal) {
    this.#steps = stepsBelow(results);
    this.#layers = layers;
    this.#signal = AbortSignal.any([signal, this.#abort.signal]);
  }

  /** A step has made a layer that is worth it. */
  offer(step: string, snapshot: SnapshotId): void {
    if (!this.#steps.has(step)) return;
    this.#waiting.push(snapshot);
    this.#working ??= this.#work();
  }

  /** The exports begin: they make what is not under way, several at a time. */
  handOver(): void {
    this.#waiting.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.handOver();
    if (this.#working === undefined) return;
    this.#abort.abort();
    await this.#working;
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#pack(next).catch(() => {});
    }
    this.#working = undefined;
  }

  async #pack(snapshot: SnapshotId): Promise<void> {
    this.#signal.throwIfAborted();
    const layer = this.#layers.stackOf(snapshot).at(-1)?.layer;
    // One that came from elsewhere has its blob there, and may stay there.
    if (layer === undefined || this.#layers.layerRow(layer).source !== undefined) return;
    await this.#layers.earlyBlobOf(layer, this.#signal);
  }
}

/**
 * The steps whose layers the images consist of; not those of other stages, of which files are copied. What ends the
 * only image is asked for at once, and so is none of them.
 */
function stepsBelow(results: readonly Vertex[]): ReadonlySet<string> {
  const steps = new Set<string>();
  const visit = (vertex: Vertex | undefined): void => {
    if (vertex === undefined || steps.has(vertex.id)) return;
    steps.add(vertex.id);
    const {op, inputs} = vertex;
    if (op.kind === 'file') visit(inputs[op.base]);
    if (op.kind === 'exec') visit(inputs[op.rootInput]);
    if (op.kind === 'merge') for (const input of inputs) visit(input);
  };
  for (const result of results) visit(result);
  const [first] = results;
  if (first !== undefined && results.length === 1) {
    steps.delete(first.id);
    const linked = first.op.kind === 'merge' ? first.inputs.at(-1) : undefined;
    if (linked !== undefined) steps.delete(linked.id);
  }
  return steps;
}
