// What the solver asks of an op, and nothing more: how it is keyed, how it runs. Implemented by src/ops/*; the tests
// implement it with invented ops. R is the result type: a snapshot in the product, a string in the tests.

import type {StepUsage} from '../progress/events.ts';

/** The part of a vertex that the solver sees (graph/vertex.ts in the product). */
export interface SolverVertex {
  readonly id: string;
  readonly op: {readonly kind: string};
  readonly inputs: readonly SolverVertex[];
  readonly origin: {
    readonly name: string;
    readonly ignoreCache?: boolean;
    readonly span?: {readonly line: number};
  };
}

/** A result with the key that consumers' keys build on; no key: only its content can be keyed (a local context). */
export interface Solved<R> {
  readonly value: R;
  readonly key: string | undefined;
  /** What making it used, where that is known. */
  readonly usage?: StepUsage;
}

/** How one input takes part in the key. */
export type InputKeying<R> =
  /** By the result key of what made it. */
  | {readonly by: 'result'}
  /**
   * By exactly the bytes the op reads of it; `hash` needs the value, and may cost work. `selector` is what the op says
   * of the places that it reads, which counts where the bytes are not known.
   */
  | {readonly by: 'content'; readonly selector: string; hash(value: R, signal: AbortSignal): Promise<string>};

/** A vertex whose inputs are vertices of the same kind: what the solver walks. */
export type SolverGraph<V> = Omit<SolverVertex, 'inputs'> & {readonly inputs: readonly V[]};

export interface CacheMap<R> {
  /** Digest or text of every hashed field of the op. */
  readonly opKey: string;
  /** One for each input, in order. */
  readonly inputs: readonly InputKeying<R>[];
  /** The input whose result this one is put on top of, if it is worth asking whether others have put the same there. */
  readonly base?: number;
}

/** What a running op tells the outside. */
export interface StepContext {
  readonly step: string;
  readonly signal: AbortSignal;
  output(stream: 'stdout' | 'stderr', data: Uint8Array): void;
  note(text: string): void;
  /** What its process used, whether it succeeded or not. */
  used(usage: StepUsage): void;
  /** Says that the result is one that was made before: consumers build on that one. */
  unchanged(): void;
  /** Says that the inputs changed while they were read: the result is used, but never recorded under its key. */
  volatile(): void;
}

export interface OpRunner<V extends SolverVertex, R> {
  /**
   * Sources: names its result at no cost, without cache record and slot. When present, the other two are not used.
   */
  open?(vertex: V, signal: AbortSignal): Promise<Solved<R>>;
  cacheMap(vertex: V): CacheMap<R>;
  /** The result, if it turns out to be one that was made before; for what is got ready while `exec` runs. */
  ifUnchanged?(vertex: V, inputs: readonly R[]): Promise<R | undefined>;
  /** Makes the result. Runs inside a slot; must not wait for other vertices. */
  exec(vertex: V, inputs: readonly R[], context: StepContext): Promise<R>;
}

export type OpRunners<V extends SolverVertex, R> = Readonly<Record<string, OpRunner<V, R>>>;
