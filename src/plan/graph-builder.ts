// Makes the vertices of one plan. Equal ops on equal inputs are one vertex, as the identical object: two stages with
// the same beginning share it, and whoever walks the graph meets it once.

import type {Op} from '../graph/op.ts';
import {type Origin, type Vertex, type VertexId, vertex} from '../graph/vertex.ts';

export class GraphBuilder {
  readonly #vertices = new Map<VertexId, Vertex>();

  /** The vertex for `op`; when there is one already, that one, under its first name. */
  add(op: Op, inputs: readonly Vertex[], origin: Origin): Vertex {
    const made = vertex(op, inputs, origin);
    const known = this.#vertices.get(made.id);
    if (known !== undefined) return known;
    this.#vertices.set(made.id, made);
    return made;
  }
}

/** Collects the inputs of one op: the same vertex twice is one input; no vertex (scratch) is -1. */
export class InputList {
  readonly vertices: Vertex[] = [];

  indexOf(input: Vertex | undefined): number {
    if (input === undefined) return -1;
    const known = this.vertices.indexOf(input);
    return known >= 0 ? known : this.vertices.push(input) - 1;
  }
}
