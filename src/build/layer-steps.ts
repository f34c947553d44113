// Layers are fetched when somebody first needs them, which may be long after their FROM was settled. Their progress
// is shown under that FROM: the step is taken up again with the first byte, or with a wait for another process that
// fetches the same, and ends when the last one is here.

import type {Vertex} from '../graph/vertex.ts';
import type {EmitEvent} from '../progress/events.ts';
import type {OnLayerProgress} from '../snapshot/layer-source.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';
import type {Clock} from '../util/clock.ts';
import {waitingFor} from './step.ts';

interface SourceStep {
  readonly id: string;
  readonly name: string;
  readonly running: Set<string>;
}

export class LayerSteps {
  readonly #emit: EmitEvent;
  readonly #clock: Clock;
  readonly #byLayer = new Map<string, SourceStep>();
  readonly #known = new Set<string>();

  constructor(emit: EmitEvent, clock: Clock) {
    this.#emit = emit;
    this.#clock = clock;
  }

  /** A source was opened; its layers are these. */
  onImage(vertex: Vertex, snapshotter: Snapshotter, snapshot: SnapshotId | undefined): void {
    if (this.#known.has(vertex.id)) return;
    this.#known.add(vertex.id);
    const step: SourceStep = {id: vertex.id, name: vertex.origin.name, running: new Set()};
    for (const layer of snapshot === undefined ? [] : snapshotter.layersOf(snapshot))
      this.#byLayer.set(layer, step);
    const here = snapshot === undefined || snapshotter.isUnpacked(snapshot);
    const atMs = this.#clock.nowMs();
    this.#emit({type: 'step-started', step: step.id, name: step.name, atMs});
    this.#emit({
      type: 'step-finished',
      step: step.id,
      name: step.name,
      atMs,
      outcome: here ? 'cached' : 'done',
    });
  }

  readonly onProgress: OnLayerProgress = ({layer, blob, currentBytes, done, isWaiting}) => {
    const step = this.#byLayer.get(layer);
    if (step === undefined) return;
    const atMs = this.#clock.nowMs();
    if (step.running.size === 0) this.#emit({type: 'step-started', step: step.id, name: step.name, atMs});
    step.running.add(layer);
    if (isWaiting) {
      this.#emit({type: 'step-note', step: step.id, text: waitingFor(blob.digest), atMs});
      return;
    }
    this.#emit({
      type: 'step-progress',
      step: step.id,
      item: blob.digest,
      current: currentBytes,
      total: blob.size,
      unit: 'bytes',
      done,
      atMs,
    });
    if (!done) return;
    step.running.delete(layer);
    if (step.running.size > 0) return;
    this.#emit({type: 'step-finished', step: step.id, name: step.name, atMs, outcome: 'done'});
  };
}
