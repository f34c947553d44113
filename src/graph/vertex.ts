// A node of the build graph: an op, the vertices whose results it reads, and where it came from. Immutable.
// `id` is its identity within a run (equal ops on equal inputs are one vertex); cache keys are the solver's.

import type {Span} from '../diagnostics/span.ts';
import {type Digest, digestOf} from '../oci/digest.ts';
import {identityOf} from './keying.ts';
import type {Op} from './op.ts';

export type VertexId = Digest;

/** Shown to people, never hashed. */
export interface Origin {
  /** As in progress: `[build 3/5] RUN make`. */
  readonly name: string;
  readonly stage?: string;
  /** Place of the instruction in the Dockerfile. */
  readonly span?: Span;
  /** Run even when a cached result exists (`--no-cache`, `--no-cache-filter`). */
  readonly ignoreCache?: boolean;
}

export interface Vertex<O extends Op = Op> {
  readonly id: VertexId;
  readonly op: O;
  readonly inputs: readonly Vertex[];
  readonly origin: Origin;
}

export function vertex<O extends Op>(op: O, inputs: readonly Vertex[], origin: Origin): Vertex<O> {
  const id = digestOf(`${identityOf(op)}\n${inputs.map((input) => input.id).join('\n')}`);
  return Object.freeze({id, op, inputs: Object.freeze([...inputs]), origin});
}

/** The targets and everything that leads to them, each once. */
export function verticesBelow(targets: readonly Vertex[]): ReadonlySet<Vertex> {
  const seen = new Set<Vertex>();
  const pending = [...targets];
  for (let vertex = pending.pop(); vertex !== undefined; vertex = pending.pop()) {
    if (seen.has(vertex)) continue;
    seen.add(vertex);
    pending.push(...vertex.inputs);
  }
  return seen;
}
