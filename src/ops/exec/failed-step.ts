// All that it takes to stand where a failed step left off, as JSON: the process, the file system it began on, its
// mounts. Never secrets: neither their files, nor variables made of them, nor agents' sockets, nor proxies (which may
// have passwords in them).

import type {ExecOp} from '../../graph/op.ts';
import {assert} from '../../util/assert.ts';
import type {PreparedMount, SandboxProcess} from './exec-arguments.ts';

const format = 1;

export type StepEnd = {readonly exit: number} | {readonly signal: number} | {readonly timeoutMs: number};

/** Mounts whose sources still are there later. */
export type LastingMount = Extract<PreparedMount, {type: 'bind' | 'cache' | 'tmpfs'}>;

export interface FailedStep {
  readonly format: typeof format;
  /** As in progress: `[build 3/5] RUN make`. */
  readonly name: string;
  readonly end: StepEnd;
  readonly bootId: string;
  /** Snapshot that it began on; null: nothing. */
  readonly root: string | null;
  readonly process: SandboxProcess;
  readonly mounts: readonly LastingMount[];
  readonly scripts: readonly {readonly target: string; readonly text: string; readonly mode: number}[];
}

export interface StepToKeep {
  readonly name: string;
  readonly end: StepEnd;
  readonly op: ExecOp;
  readonly root: string | undefined;
  readonly prepared: readonly PreparedMount[];
}

export function failedStep({name, end, op, root, prepared}: StepToKeep, bootId: string): FailedStep {
  const {kind: _, mounts, rootInput: __, proxyEnv: ___, ...process} = op;
  return {
    format,
    name,
    end,
    bootId,
    root: root ?? null,
    process: {...process, proxyEnv: []},
    mounts: prepared.filter(
      (mount) => mount.type === 'bind' || mount.type === 'cache' || mount.type === 'tmpfs',
    ),
    scripts: mounts
      .filter((mount) => mount.type === 'text')
      .map(({target, text, mode}) => ({target, text, mode})),
  };
}

/** What was kept by this version of tsbuild; undefined for another one's. */
export function readFailedStep(record: unknown): FailedStep | undefined {
  assert(typeof record === 'object' && record !== null, 'a kept record is an object');
  return 'format' in record && record.format === format ? (record as FailedStep) : undefined;
}
