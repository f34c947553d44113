// Listens to a build and keeps what happened. Nothing is written before the end but long logs, and nothing that goes
// wrong here goes wrong for the build: a history that cannot be written is not written.

import {randomBytes} from 'node:crypto';
import type {BuildEvent, StepId} from '../progress/events.ts';
import type {Clock} from '../util/clock.ts';
import {
  type BuildRecord,
  type BuildSubject,
  type PlannedStep,
  type RecordedStep,
  recordFormat,
  recordId,
} from './build-record.ts';
import {HistoryStore} from './history-store.ts';
import {StepLogs} from './step-logs.ts';

type Mutable = {-readonly [K in keyof RecordedStep]: RecordedStep[K]};

export interface BuildEnd {
  readonly status: BuildRecord['status'];
  readonly error?: string;
  readonly imageDigest?: string;
}

export class BuildRecorder {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #subject: BuildSubject;
  readonly #startedMs: number;
  /** What the record is called. */
  readonly id: string;
  readonly #logs: StepLogs;
  readonly #steps: Mutable[] = [];
  readonly #numbers = new Map<StepId, number>();
  readonly #warnings: {code: string; message: string; line?: number}[] = [];
  #planned: readonly PlannedStep[] = [];
  #broken = false;

  constructor(root: string, subject: BuildSubject, clock: Clock) {
    this.#root = root;
    this.#subject = subject;
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.id = recordId(this.#startedMs, randomBytes(2).toString('hex'));
    this.#logs = new StepLogs(root);
  }

  readonly planned = (targets: readonly PlannedStep[]): void => {
    this.#planned = targets;
  };

  emit(event: BuildEvent): void {
    switch (event.type) {
      case 'step-started': {
        const step = this.#step(event);
        step.outcome = 'running';
        if (event.miss !== undefined) step.miss = event.miss;
        if (event.key !== undefined) step.key = event.key;
        return;
      }
      case 'step-finished': {
        const {outcome, atMs, error, usage, key, unchanged} = event;
        const step = this.#step(event);
        Object.assign(step, {outcome, finishedMs: atMs, ...(error && {error}), ...(usage && {usage})});
        if (key !== undefined) step.key = key;
        if (unchanged !== undefined) step.unchanged = unchanged;
        return;
      }
      case 'step-output':
        this.#output(event);
        return;
      case 'warning': {
        const {code, message, span} = event.diagnostic;
        this.#warnings.push({code, message, ...(span === undefined ? {} : {line: span.line})});
        return;
      }
      case 'step-progress':
      case 'step-note':
        return;
    }
  }

  /** Writes the record, and gives it; undefined when it could not be written. */
  finish({status, error, imageDigest}: BuildEnd): BuildRecord | undefined {
    try {
      if (this.#broken) return undefined;
      this.#takePlan();
      const finishedMs = this.#clock.nowMs();
      const record: BuildRecord = {
        format: recordFormat,
        id: this.id,
        startedMs: this.#startedMs,
        finishedMs,
        status,
        ...(error === undefined ? {} : {error}),
        ...this.#subject,
        ...(imageDigest === undefined ? {} : {imageDigest}),
        warnings: this.#warnings,
        steps: this.#steps.map((step, index) => ({...step, logBytes: this.#logs.bytesOf(index)})),
      };
      new HistoryStore(this.#root).add(record, this.#logs.finish());
      return record;
    } catch {
      // A full disk, or no state directory at all.
      return undefined;
    } finally {
      this.#discard();
    }
  }

  #discard(): void {
    try {
      this.#logs.discard();
    } catch {
      // Swept later.
    }
  }

  #output({step, name, data, atMs}: Extract<BuildEvent, {type: 'step-output'}> & {name?: string}): void {
    if (this.#broken) return;
    this.#step({step, name: name ?? step, atMs});
    try {
      this.#logs.add(this.#numbers.get(step) ?? 0, data);
    } catch {
      this.#broken = true;
    }
  }

  #step({step, name, atMs}: {readonly step: StepId; readonly name: string; readonly atMs: number}): Mutable {
    const number = this.#numbers.get(step) ?? this.#steps.length;
    const known = this.#steps[number];
    if (known !== undefined) return known;
    const made: Mutable = {
      name,
      inputs: [],
      outcome: 'running',
      startedMs: atMs,
      finishedMs: atMs,
      logBytes: 0,
    };
    this.#numbers.set(step, number);
    this.#steps.push(made);
    return made;
  }

  /** Steps that nobody asked for, below what was found, stay out. Sources are told of only when they are fetched. */
  #takePlan(): void {
    const seen = new Set<string>();
    const visit = (vertex: PlannedStep): void => {
      if (seen.has(vertex.id)) return;
      seen.add(vertex.id);
      vertex.inputs.forEach(visit);
      const step = this.#steps[this.#numbers.get(vertex.id) ?? -1];
      if (step === undefined) return;
      const {stage, span} = vertex.origin;
      if (stage !== undefined) step.stage = stage;
      if (span !== undefined) step.line = span.line;
      step.inputs = vertex.inputs.flatMap(({id}) => this.#numbers.get(id) ?? []);
    };
    this.#planned.forEach(visit);
  }
}
