// Invented ops for solver tests: results are strings, work is opened by hand (gates), nothing sleeps.

import {createHash} from 'node:crypto';
import type {StepUsage} from '../../src/progress/events.ts';
import type {OpRunner, OpRunners, Solved, SolverVertex, StepContext} from '../../src/solver/op-runner.ts';
import type {NewRecord, ResultCache} from '../../src/solver/result-cache.ts';
import type {LockSpace} from '../../src/store/lock.ts';
import {type Deferred, deferred} from '../../src/util/deferred.ts';

export interface FakeVertex extends SolverVertex {
  readonly inputs: readonly FakeVertex[];
  readonly op: {readonly kind: string; readonly text: string};
}

export function fakeVertex(
  kind: 'join' | 'stacked' | 'copy' | 'source' | 'context',
  text: string,
  inputs: readonly FakeVertex[] = [],
  ignoreCache = false,
): FakeVertex {
  const id = createHash('sha256')
    .update(JSON.stringify([kind, text, inputs.map((input) => input.id)]))
    .digest('hex');
  return {id, op: {kind, text}, inputs, origin: {name: text, ignoreCache}};
}

/** `join` concatenates its inputs, `stacked` puts something on its first, `copy` reads its last input by content, `source` names itself, `context` has no key. */
export class FakeOps {
  /** Texts of the ops that ran, in order of their start. */
  readonly ran: string[] = [];
  /** Ops wait here before they give their result. */
  readonly gates = new Map<string, Deferred<void>>();
  /** Reached once the op has started. */
  readonly started = new Map<string, Deferred<void>>();
  readonly failures = new Map<string, Error>();
  /** What a context holds today. */
  readonly contexts = new Map<string, string>();
  /** Overrides the result of an op, for ops that do not repeat themselves. */
  readonly results = new Map<string, string>();
  /** What the processes of ops use. */
  readonly used = new Map<string, StepUsage>();
  /** What an op gives if it changes nothing. */
  readonly likely = new Map<string, string>();
  /** Ops whose inputs change under their hands. */
  readonly volatile = new Set<string>();
  /** Ops that say of their result that it was made before. */
  readonly unchanged = new Set<string>();

  gate(text: string): {started: Promise<void>; open(): void} {
    const gate = deferred<void>();
    const started = deferred<void>();
    this.gates.set(text, gate);
    this.started.set(text, started);
    return {started: started.promise, open: () => gate.resolve()};
  }

  runners(): OpRunners<FakeVertex, string> {
    const exec = async (
      vertex: FakeVertex,
      inputs: readonly string[],
      context: StepContext,
    ): Promise<string> => {
      const text = vertex.op.text;
      this.ran.push(text);
      this.started.get(text)?.resolve();
      await Promise.race([this.gates.get(text)?.promise, aborted(context.signal)]);
      const used = this.used.get(text);
      if (used !== undefined) context.used(used);
      const failure = this.failures.get(text);
      if (failure !== undefined) throw failure;
      if (this.volatile.has(text)) context.volatile();
      if (this.unchanged.has(text)) context.unchanged();
      return this.results.get(text) ?? `${text}(${inputs.join(',')})`;
    };
    const join: OpRunner<FakeVertex, string> = {
      cacheMap: (vertex) => ({opKey: vertex.op.text, inputs: vertex.inputs.map(() => ({by: 'result'}))}),
      ifUnchanged: async (vertex) => this.likely.get(vertex.op.text),
      exec,
    };
    const stacked: OpRunner<FakeVertex, string> = {
      cacheMap: (vertex) => ({...join.cacheMap(vertex), base: 0}),
      exec,
    };
    const copy: OpRunner<FakeVertex, string> = {
      cacheMap: (vertex) => ({
        opKey: vertex.op.text,
        inputs: vertex.inputs.map((_, index) =>
          index < vertex.inputs.length - 1 ? {by: 'result'} : {by: 'content', selector: '', hash: contentOf},
        ),
      }),
      exec,
    };
    const source: OpRunner<FakeVertex, string> = {
      ...join,
      open: async (vertex) => ({value: vertex.op.text, key: `source ${vertex.op.text}`}),
    };
    const context: OpRunner<FakeVertex, string> = {
      ...join,
      open: async (vertex) => ({value: this.contexts.get(vertex.op.text) ?? '', key: undefined}),
    };
    return {join, stacked, copy, source, context};
  }
}

async function contentOf(value: string): Promise<string> {
  if (value === 'unreadable') throw new Error('not found');
  return `content of ${value}`;
}

function aborted(signal: AbortSignal): Promise<never> | undefined {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  });
}

export class MemoryCache implements ResultCache<string> {
  readonly records = new Map<string, NewRecord<string>>();
  readonly lost = new Set<string>();
  twinKeyOf?: NonNullable<ResultCache<string>['twinKeyOf']>;
  whyMissed: NonNullable<ResultCache<string>['whyMissed']> = async () => undefined;

  has(key: string): boolean {
    return this.records.has(key);
  }
  keyOf(value: string): string | undefined {
    return [...this.records.values()].find(({result}) => result.value === value)?.result.key;
  }
  knowsOp(op: string): boolean {
    return [...this.records.values()].some(({ingredients}) => ingredients.op === op);
  }
  async find(key: string): Promise<Solved<string> | undefined> {
    const record = this.records.get(key);
    return record === undefined || this.lost.has(record.result.value) ? undefined : record.result;
  }
  async resultKeyOf(key: string): Promise<string | undefined> {
    return this.records.get(key)?.result.key;
  }
  async save(keys: readonly string[], record: NewRecord<string>): Promise<void> {
    for (const key of keys) this.records.set(key, record);
  }
}

/** Locks within one process, enough to play several builds on one store. */
export function memoryLocks(): LockSpace {
  const tails = new Map<string, Promise<unknown>>();
  const wants = new Map<string, () => void>();
  return {
    async withLock(name, signal, work, onWait) {
      const before = tails.get(name);
      const turn = deferred<void>();
      tails.set(
        name,
        (before ?? Promise.resolve()).then(() => turn.promise),
      );
      if (before !== undefined) {
        onWait?.();
        wants.get(name)?.();
        await before;
      }
      try {
        signal.throwIfAborted();
        const wanted = deferred<undefined>();
        wants.set(name, () => wanted.resolve(undefined));
        return await work(wanted.promise);
      } finally {
        turn.resolve();
      }
    },
  };
}
