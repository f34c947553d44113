// RUN as BuildKit keys it (`buildkit.exec.v0`): the command with its environment and mounts, without what is read
// through them. Versions differ in what they write where there is nothing to say; each way is a digest of its own.
// The one mount that every step has, its root, is not told of a step that has no others.

import {defaultShmSizeBytes, type ExecMount, type ExecOp} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {digestOf} from '../../oci/digest.ts';
import type {ChecksumPlace} from '../../tree/buildkit-checksum.ts';
import {byteOrder} from '../../util/byte-order.ts';
import {mkdirStep, mkfileStep} from './file-step.ts';
import {type GoJson, goJson, unlessEmpty} from './go-json.ts';
import {type BuildkitInput, type BuildkitStep, hasOneOwner, recordDigest, selectorOf} from './step.ts';

const ourHostname = 'buildkitsandbox';
const networks = {default: 0, host: 1, none: 2} as const;
const sharings = {shared: 0, private: 1, locked: 2} as const;
const kinds = {bind: 0, secret: 1, ssh: 2, cache: 3, tmpfs: 4} as const;
const defaultCacheMode = 0o755;

/** Where a mount gets its files, in BuildKit's numbering of inputs. */
interface Placed {
  readonly mount: ExecMount;
  readonly input: number;
}

export function execStep(op: ExecOp, inputs: readonly Vertex[]): BuildkitStep {
  const root = inputs[op.rootInput];
  const given = inputMounts(op);
  const froms: (Vertex | BuildkitStep)[] = root === undefined ? [] : [root];
  const places: ChecksumPlace[][] = root === undefined ? [] : [[]];
  const placed: Placed[] = [];
  for (const mount of given) {
    const from = sourceOf(mount, inputs);
    if (from === undefined) {
      placed.push({mount, input: -1});
      continue;
    }
    const known = froms.indexOf(from.made);
    const input = known >= 0 ? known : froms.push(from.made) - 1;
    places[input] = [...(places[input] ?? []), placeOf(from.path)];
    placed.push({mount, input});
  }
  const rootIndex = root === undefined ? -1 : 0;
  const digests = new Set(
    variants.map((variant) => recordDigest(digestOf(execText(op, placed, rootIndex, variant)))),
  );
  return {
    digests,
    inputs: froms.map((from, index) => inputOf(from, places[index] ?? [], index === rootIndex)),
  };
}

function inputOf(
  from: Vertex | BuildkitStep,
  places: readonly ChecksumPlace[],
  isRoot: boolean,
): BuildkitInput {
  const paths = places.map(({path}) => path);
  if (isRoot) return {from, selectors: ['', selectorOf(['/', ...paths])]};
  const named = paths.filter((path) => path !== '/');
  const selectors = [...new Set([selectorOf(paths), named.length === 0 ? '' : selectorOf(named)])];
  if (!hasOneOwner(from)) return {from, selectors};
  const whole = named.length < paths.length;
  return {from, selectors, places: whole ? [] : outermost(places)};
}

/** A place within another adds nothing. */
function outermost(places: readonly ChecksumPlace[]): readonly ChecksumPlace[] {
  const unique = new Map(places.map((place) => [place.path, place]));
  return [...unique.values()]
    .filter(({path}) => ![...unique.keys()].some((other) => other !== path && path.startsWith(`${other}/`)))
    .toSorted((a, b) => byteOrder(a.path, b.path));
}

function placeOf(path: string): ChecksumPlace {
  return {path, wildcard: false, followLinks: true, include: [], exclude: []};
}

/** Mounts that may have an input, in BuildKit's order; /dev/shm of a size of its own is one of them. */
function inputMounts(op: ExecOp): readonly ExecMount[] {
  const shm: ExecMount = {type: 'tmpfs', target: '/dev/shm', sizeBytes: op.shmSizeBytes};
  const isUsual = op.shmSizeBytes === 0 || op.shmSizeBytes === defaultShmSizeBytes;
  const all = isUsual ? op.mounts : [...op.mounts, shm];
  const mounts = all.filter(({type}) => type !== 'secret' && type !== 'ssh');
  return mounts.toSorted((a, b) => byteOrder(targetOf(a), targetOf(b)));
}

function targetOf(mount: ExecMount): string {
  // The script of a heredoc is a file in a directory that is mounted.
  if (mount.type === 'text') return '/dev/pipes/';
  return mount.target ?? '';
}

function sourceOf(
  mount: ExecMount,
  inputs: readonly Vertex[],
): {readonly made: Vertex | BuildkitStep; readonly path: string} | undefined {
  switch (mount.type) {
    case 'bind': {
      const made = inputs[mount.input];
      return made && {made, path: mount.source};
    }
    case 'cache': {
      const made = inputs[mount.input];
      if (made !== undefined) return {made, path: mount.source};
      const {mode, uid, gid} = mount;
      if (mode === defaultCacheMode && uid === 0 && gid === 0) return undefined;
      return {made: mkdirStep('/cache', mode & 0o777, {uid, gid}), path: '/cache'};
    }
    case 'text': {
      const name = mount.target.slice('/dev/pipes/'.length);
      return {made: mkfileStep(name, mount.mode, mount.text), path: '/'};
    }
    default:
      return undefined;
  }
}

interface Variant {
  /** Later versions give a tmpfs options, also when there are none. */
  readonly tmpfsOptions: boolean;
  /** Later versions do not write a number that is zero. */
  readonly zeros: boolean;
  /** Later versions say that stubs of mounts go. */
  readonly stubs: boolean;
  /** Later versions leave out the name of a cache mount that is not the usual one. */
  readonly cacheNames: boolean;
}

const both = [true, false] as const;
const variants: readonly Variant[] = both.flatMap((tmpfsOptions) =>
  both.flatMap((zeros) =>
    both.flatMap((stubs) => both.map((cacheNames) => ({tmpfsOptions, zeros, stubs, cacheNames}))),
  ),
);

function execText(op: ExecOp, placed: readonly Placed[], rootIndex: number, variant: Variant): string {
  const {os, architecture, variant: machine = ''} = op.platform;
  const secrets = op.mounts.filter((mount) => mount.type === 'secret');
  const sockets = op.mounts.filter((mount) => mount.type === 'ssh');
  const files = secrets.filter(({target}) => target !== undefined);
  const isPlain = placed.length + files.length + sockets.length === 0;
  const mounts = [
    {input: number(rootIndex, variant), dest: '/', output: number(0, variant)},
    ...placed.map((each) => mountJson(each, variant)),
    ...files.map((mount) => secretJson(mount, variant)),
    ...sockets.map((mount) => socketJson(mount, variant)),
  ];
  const variables = secrets.flatMap(({id, env, required}) =>
    env === undefined ? [] : [{ID: id, name: env, optional: unlessEmpty(!required)}],
  );
  return goJson({
    Type: 'buildkit.exec.v0',
    Exec: {
      meta: metaJson(op, variant),
      mounts: isPlain ? undefined : mounts,
      network: unlessEmpty(networks[op.network]),
      security: op.security === 'insecure' ? 1 : undefined,
      secretenv: unlessEmpty(variables),
    },
    OS: os,
    Arch: architecture,
    Variant: unlessEmpty(machine),
  });
}

function metaJson(op: ExecOp, {stubs}: Variant): GoJson {
  return {
    args: unlessEmpty(op.args),
    env: unlessEmpty(op.env),
    cwd: unlessEmpty(op.cwd),
    user: unlessEmpty(op.user),
    extraHosts: unlessEmpty(op.extraHosts.map(({host}) => ({Host: host}))),
    hostname: op.hostname === ourHostname ? undefined : unlessEmpty(op.hostname),
    ulimit: unlessEmpty(
      op.ulimits.map(({name, soft, hard}) => ({
        Name: name,
        Soft: unlessEmpty(soft),
        Hard: unlessEmpty(hard),
      })),
    ),
    removeMountStubsRecursive: stubs ? true : undefined,
  };
}

function mountJson(
  {mount, input}: Placed,
  variant: Variant,
): {readonly [member: string]: GoJson | undefined} {
  const type = mount.type === 'text' ? 'bind' : mount.type;
  const isReadonly = mount.type === 'text' || ('readonly' in mount && mount.readonly);
  return {
    input: number(input, variant),
    dest: targetOf(mount),
    output: -1,
    readonly: unlessEmpty(isReadonly),
    mountType: unlessEmpty(kinds[type]),
    ...(mount.type === 'tmpfs' && (mount.sizeBytes > 0 || variant.tmpfsOptions)
      ? {TmpfsOpt: {size: unlessEmpty(mount.sizeBytes)}}
      : {}),
    ...(mount.type === 'cache' ? {cacheOpt: cacheJson(mount, variant)} : {}),
  };
}

function cacheJson(
  {id, sharing, target}: Extract<ExecMount, {type: 'cache'}>,
  {cacheNames}: Variant,
): GoJson {
  // The name has the namespace before it, which mostly is empty.
  const isUsual = sharing === 'shared' && id === target;
  if (!cacheNames && !isUsual) return {};
  return {ID: `/${id}`, sharing: unlessEmpty(sharings[sharing])};
}

function secretJson(mount: Extract<ExecMount, {type: 'secret'}>, variant: Variant): GoJson {
  const {id, uid, gid, mode, required, target = ''} = mount;
  const owner = {uid: unlessEmpty(uid), gid: unlessEmpty(gid)};
  const secretOpt = {ID: id, ...owner, mode: unlessEmpty(mode), optional: unlessEmpty(!required)};
  return {input: -1, dest: target, output: number(0, variant), mountType: kinds.secret, secretOpt};
}

function socketJson(mount: Extract<ExecMount, {type: 'ssh'}>, variant: Variant): GoJson {
  const {id, uid, gid, mode, required, target} = mount;
  const owner = {uid: unlessEmpty(uid), gid: unlessEmpty(gid)};
  const SSHOpt = {ID: id, ...owner, mode: unlessEmpty(mode), optional: unlessEmpty(!required)};
  return {input: -1, dest: target, output: number(0, variant), mountType: kinds.ssh, SSHOpt};
}

function number(value: number, {zeros}: Variant): number | undefined {
  return zeros ? value : unlessEmpty(value);
}
