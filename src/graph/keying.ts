// Which field of an op is part of its cache key: a new field without a verdict does not compile.
// 'input' marks a field that speaks of inputs, whose own keys are added by the solver.

import {canonicalJson, type Json} from '../util/canonical-json.ts';
import type {ExecOp, FileOp, MergeOp, Op, SourceOp} from './op.ts';

export type Keying<O extends Op> = Readonly<Record<Exclude<keyof O, 'kind'>, 'hashed' | 'ignored'>>;

export const sourceKeying = {source: 'hashed'} as const satisfies Keying<SourceOp>;

export const execKeying = {
  args: 'hashed',
  env: 'hashed',
  cwd: 'hashed',
  user: 'hashed',
  hostname: 'hashed',
  network: 'hashed',
  security: 'hashed',
  mounts: 'hashed',
  // Addresses are left out by the op runner's own key: names only, as BuildKit (solver/llbsolver/ops/exec.go).
  extraHosts: 'hashed',
  // A proxy is how bytes travel, not what they are (docker: predefined ARGs are out of the cache).
  proxyEnv: 'ignored',
  shmSizeBytes: 'hashed',
  ulimits: 'hashed',
  platform: 'hashed',
  rootInput: 'hashed',
} as const satisfies Keying<ExecOp>;

export const fileKeying = {base: 'hashed', actions: 'hashed'} as const satisfies Keying<FileOp>;

export const mergeKeying = {} as const satisfies Keying<MergeOp>;

const keyings: {readonly [K in Op['kind']]: Readonly<Record<string, 'hashed' | 'ignored'>>} = {
  source: sourceKeying,
  exec: execKeying,
  file: fileKeying,
  merge: mergeKeying,
};

/** Canonical JSON of the hashed fields of `op`, its kind first. */
export function keyedFieldsOf(op: Op): string {
  const fields: Record<string, Json | undefined> = {};
  for (const [name, verdict] of Object.entries(keyings[op.kind])) {
    if (verdict === 'hashed') fields[name] = (op as unknown as Record<string, Json | undefined>)[name];
  }
  return `${op.kind} ${canonicalJson(fields)}`;
}
