// Which field of an op is part of its cache key: a new field without a verdict does not compile. What an op says of
// its inputs counts by what is read there, where that is known, so a directory that was renamed is still the same.
//   hashed    part of the key
//   ignored   never
//   content   says what is read of an input: in the key is what lies there (the solver adds it); where only the
//             input's result key is known, or the input counts as a whole, the field itself
//
// Some are hashed though a key that lacks them would hardly lie, for what they say is in it a second time: `rootInput`
// and `base` (how each input counts), an ssh mount's `target` (in the environment), a cache's `input` (what is read of
// it), `parents` of what is read by its content (the names of what is taken), `platform` (what it stands on; the filter
// of system calls comes from it); or they are always the same today: `target` and `mode` of a text, `unknownOwner`.
// `mounts`, `extraHosts` and `actions` are the identity within a run; in keys their parts are.

import {canonicalJson, type Json} from '../util/canonical-json.ts';
import type {ExecMount, ExecOp, FileAction, FileOp, MergeOp, Op, SourceOp} from './op.ts';

/** `kind` and `type` are always hashed. */
type Fields<T, V> = Readonly<Record<Exclude<keyof T, 'kind' | 'type'>, V>>;
export type Keying<O extends Op> = Fields<O, 'hashed' | 'ignored'>;
export type PartKeying<T> = Fields<T, 'hashed' | 'ignored' | 'content'>;

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

/** A moved mirror is the same build (BuildKit does the same). */
export const extraHostKeying = {host: 'hashed', address: 'ignored'} as const satisfies PartKeying<
  ExecOp['extraHosts'][number]
>;

export const mountKeyings = {
  bind: {target: 'hashed', input: 'hashed', source: 'content', readonly: 'hashed'},
  // What is in a cache never counts, so neither does which cache it is.
  cache: {
    target: 'hashed',
    id: 'ignored',
    sharing: 'ignored',
    readonly: 'hashed',
    mode: 'hashed',
    uid: 'hashed',
    gid: 'hashed',
    input: 'hashed',
    source: 'content',
  },
  tmpfs: {target: 'hashed', sizeBytes: 'hashed'},
  secret: {
    id: 'hashed',
    target: 'hashed',
    env: 'hashed',
    required: 'hashed',
    mode: 'hashed',
    uid: 'hashed',
    gid: 'hashed',
  },
  ssh: {id: 'hashed', target: 'hashed', required: 'hashed', mode: 'hashed', uid: 'hashed', gid: 'hashed'},
  text: {target: 'hashed', text: 'hashed', mode: 'hashed'},
} as const satisfies {readonly [T in ExecMount['type']]: PartKeying<Extract<ExecMount, {type: T}>>};

export const actionKeyings = {
  copy: {
    input: 'hashed',
    sources: 'content',
    destination: 'hashed',
    owner: 'hashed',
    mode: 'hashed',
    unpack: 'hashed',
    parents: 'hashed',
    excludes: 'content',
    createdSeconds: 'hashed',
  },
  'make-file': {
    destination: 'hashed',
    name: 'hashed',
    content: 'hashed',
    owner: 'hashed',
    mode: 'hashed',
    createdSeconds: 'hashed',
  },
  'make-directory': {path: 'hashed', owner: 'hashed', unknownOwner: 'hashed', createdSeconds: 'hashed'},
} as const satisfies {readonly [T in FileAction['type']]: PartKeying<Extract<FileAction, {type: T}>>};

type Part = Readonly<Record<string, Json | undefined>>;

/** Of ops that have no parts, whose key says what their identity does: one text for both. */
const withoutParts = new WeakMap<Op, string>();

/** Canonical JSON of everything that tells one op from another, its kind first: the identity within a run. */
export function identityOf(op: Op): string {
  const text = `${op.kind} ${canonicalJson(fieldsOf(op, keyings[op.kind], ['hashed']))}`;
  if (op.kind === 'exec' && op.mounts.length + op.extraHosts.length === 0) withoutParts.set(op, text);
  return text;
}

/** Canonical JSON of the hashed fields of `op`, its kind first. */
export function keyedFieldsOf(op: Op): string {
  const known = withoutParts.get(op);
  if (known !== undefined) return known;
  const fields = {...fieldsOf(op, keyings[op.kind], ['hashed'])};
  if (op.kind === 'exec') {
    fields['mounts'] = op.mounts.map((mount) =>
      partOf(mount, mountKeyings[mount.type], isReadByContent(mount, op.rootInput)),
    );
    fields['extraHosts'] = op.extraHosts.map((host) => partOf(host, extraHostKeying, false));
  }
  if (op.kind === 'file') {
    fields['actions'] = op.actions.map((action) =>
      partOf(action, actionKeyings[action.type], isReadByContent(action, op.base)),
    );
  }
  return `${op.kind} ${canonicalJson(fields)}`;
}

/** What `op` says of an input that it reads by content: where its bytes are, without what they are. */
export function selectorOf(op: ExecOp | FileOp, input: number): string {
  const parts: Part[] = [];
  const add = (part: object, keying: Readonly<Record<string, string>>): void => {
    if ('input' in part && part.input === input) parts.push(fieldsOf(part, keying, ['content']));
  };
  if (op.kind === 'exec') for (const mount of op.mounts) add(mount, mountKeyings[mount.type]);
  else for (const action of op.actions) add(action, actionKeyings[action.type]);
  return canonicalJson(parts);
}

/** An input that is also what the op stands on counts as a whole; of no input there is nothing to read. */
function isReadByContent(part: object, base: number): boolean {
  return 'input' in part && part.input !== base && part.input !== -1;
}

function partOf(part: object, keying: Readonly<Record<string, string>>, byContent: boolean): Json {
  const kept = fieldsOf(part, keying, byContent ? ['hashed'] : ['hashed', 'content']);
  return ('type' in part ? {...kept, type: String(part.type)} : kept) as Json;
}

function fieldsOf(
  value: object,
  keying: Readonly<Record<string, string>>,
  verdicts: readonly string[],
): Record<string, Json | undefined> {
  const fields: Record<string, Json | undefined> = {};
  for (const [name, verdict] of Object.entries(keying)) {
    if (verdicts.includes(verdict)) fields[name] = (value as Part)[name];
  }
  return fields;
}
