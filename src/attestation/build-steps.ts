// The steps of a build for mode=max, as BuildKit writes LLB in JSON (its solver/pb/json.go, and the names and numbers
// of ops.proto): each vertex with its op, numbered in the order of work, after the last one the vertex that only
// names the result; and the lines of the Dockerfile that a step came from. Nothing secret is in an op but what the
// user wrote into the Dockerfile; proxies, which may hold passwords, are left out, and so are the credentials of
// URLs.

import {identityOf} from '../graph/keying.ts';
import type {CopyAction, ExecMount, ExecOp, FileAction, FileOp, Op, SourceOp} from '../graph/op.ts';
import type {Vertex} from '../graph/vertex.ts';
import {digestOf} from '../oci/digest.ts';
import type {Platform} from '../oci/platform.ts';
import type {Json} from '../util/canonical-json.ts';
import {withoutCredentials} from '../util/url-credentials.ts';
import {gitUri} from './materials.ts';

export interface BuildStep {
  readonly id: string;
  readonly op: Json;
  readonly inputs: readonly string[];
}

export interface StepLocation {
  readonly locations: readonly {
    readonly sourceIndex: 0;
    readonly ranges: readonly {
      readonly start: {readonly line: number};
      readonly end: {readonly line: number};
    }[];
  }[];
}

/** `vertices` inputs first, as they are numbered. */
export function buildStepsOf(
  vertices: readonly Vertex[],
  roots: ReadonlyMap<string, string>,
): readonly BuildStep[] {
  const ids = new Map(vertices.map((vertex, index) => [vertex, `step${index}`]));
  const steps = vertices.map((vertex) => ({
    id: ids.get(vertex) ?? '',
    op: opJson(vertex.op, vertex.inputs.length, roots),
    inputs: vertex.inputs.map((input) => `${ids.get(input)}:0`),
  }));
  const last = steps.at(-1);
  if (last === undefined) return [];
  return [...steps, {id: `step${steps.length}`, op: {Op: {}}, inputs: [`${last.id}:0`]}];
}

/**
 * By the digests that progress and history have of vertices; the last one only names the result. Undefined where a
 * password is in one of them: with everything else known, a digest would be something to try passwords on.
 */
export function digestMappingOf(vertices: readonly Vertex[]): Readonly<Record<string, string>> | undefined {
  const isSecret = (text: string): boolean => withoutCredentials(text) !== text;
  if (vertices.some(({op}) => isSecret(identityOf(op)))) return undefined;
  const ids = vertices.map(({id}) => id);
  const last = ids.at(-1);
  const all = last === undefined ? [] : [...ids, digestOf(`result ${last}`)];
  return Object.fromEntries(all.map((id, index) => [id, `step${index}`]));
}

/** By the id of the step. */
export function stepLocationsOf(vertices: readonly Vertex[]): Readonly<Record<string, StepLocation>> {
  const located = vertices.flatMap(({origin: {span}}, index): [string, StepLocation][] => {
    if (span === undefined) return [];
    const range = {start: {line: span.line}, end: {line: span.endLine}};
    return [[`step${index}`, {locations: [{sourceIndex: 0, ranges: [range]}]}]];
  });
  return Object.fromEntries(located);
}

function opJson(op: Op, inputCount: number, roots: ReadonlyMap<string, string>): Json {
  switch (op.kind) {
    case 'source': {
      const {source} = op;
      return {
        Op: {source: sourceJson(op, roots)},
        ...(source.type === 'image' ? {platform: platformJson(source.platform)} : {}),
      };
    }
    case 'exec':
      return {Op: {exec: execJson(op)}, platform: platformJson(op.platform)};
    case 'file':
      return {Op: {file: fileJson(op, inputCount)}};
    case 'merge':
      return {Op: {merge: {}}};
  }
}

function platformJson({os, architecture, variant}: Platform): Json {
  return {OS: os, Architecture: architecture, Variant: variant};
}

function sourceJson({source}: SourceOp, roots: ReadonlyMap<string, string>): Json {
  switch (source.type) {
    case 'image': {
      const {reference, manifestDigest} = source;
      const root = roots.get(manifestDigest) ?? manifestDigest;
      const pinned = reference.includes('@') ? reference : `${reference}@${root}`;
      return {identifier: `docker-image://${pinned}`};
    }
    case 'local':
      return {identifier: `local://${source.name}`};
    case 'http': {
      const attrs = source.checksum === undefined ? {} : {attrs: {'http.checksum': source.checksum}};
      return {identifier: withoutCredentials(source.url), ...attrs};
    }
    case 'git': {
      const remote = withoutCredentials(source.remote).replace(/^[a-z]+:\/\//, '');
      return {identifier: `git://${gitUri(remote, source.ref)}`};
    }
  }
}

/** NetMode and SecurityMode; 0 is left out, as everything that is 0. */
const networks = {default: undefined, host: 1, none: 2} as const;
const securities = {sandbox: undefined, insecure: 1} as const;

function execJson({args, env, cwd, user, rootInput, mounts, network, security}: ExecOp): Json {
  return {
    meta: {args: [...args], env: [...env], cwd, user: user === '' ? undefined : user},
    mounts: [{input: rootInput, dest: '/'}, ...mounts.map(mountJson)],
    network: networks[network],
    security: securities[security],
  };
}

/** MountType; a bind mount is 0. */
const mountTypes = {secret: 1, ssh: 2, cache: 3, tmpfs: 4} as const;
const sharings = {shared: undefined, private: 1, locked: 2} as const;
/** Of a mount that is of no input, and has no result. */
const none = -1;

/** Of a secret only that there is one. */
function mountJson(mount: ExecMount): Json {
  const dest = mount.target;
  switch (mount.type) {
    case 'bind':
      return {
        dest,
        input: mount.input,
        selector: mount.source,
        output: none,
        readonly: mount.readonly || undefined,
      };
    case 'cache':
      return {
        mountType: mountTypes.cache,
        dest,
        input: mount.input,
        output: none,
        cacheOpt: {ID: mount.id, sharing: sharings[mount.sharing]},
      };
    case 'secret': {
      const secretOpt = {ID: mount.id, optional: mount.required ? undefined : true};
      return {mountType: mountTypes.secret, dest, input: none, output: none, secretOpt};
    }
    case 'ssh': {
      const SSHOpt = {ID: mount.id, optional: mount.required ? undefined : true};
      return {mountType: mountTypes.ssh, dest, input: none, output: none, SSHOpt};
    }
    case 'tmpfs':
      return {mountType: mountTypes.tmpfs, dest, input: none, output: none};
    case 'text':
      // BuildKit mounts a file of another vertex, which here there is none of.
      return {dest, input: none, output: none, readonly: true, data: base64Of(mount.text)};
  }
}

/** Each action on top of the one before it, whose results are counted behind the inputs of the vertex. */
function fileJson({base, actions}: FileOp, inputCount: number): Json {
  const single = actions.flatMap((action) => singleActions(action, base));
  return {
    actions: single.map(({source, action}, index) => ({
      input: index === 0 ? base : inputCount + index - 1,
      secondaryInput: source,
      output: index === single.length - 1 ? 0 : none,
      Action: action,
    })),
  };
}

interface SingleAction {
  /** The input that is read. */
  readonly source: number;
  readonly action: Json;
}

function singleActions(action: FileAction, base: number): readonly SingleAction[] {
  const owner = ownerJson(action.owner, base);
  switch (action.type) {
    case 'copy':
      return copyActions(action, owner);
    case 'make-file': {
      const {content, destination, name, mode} = action;
      const path = destination.endsWith('/') ? `${destination}${name}` : destination;
      return [{source: none, action: {mkfile: {path, data: base64Of(content), owner, ...modeJson(mode)}}}];
    }
    case 'make-directory':
      return [{source: none, action: {mkdir: {path: action.path, makeParents: true, owner}}}];
  }
}

/** LLB copies one source at a time. */
function copyActions(
  {input, sources, destination, mode, unpack, excludes}: CopyAction,
  owner: Json | undefined,
): SingleAction[] {
  return sources.map(({path, wildcard}) => ({
    source: input,
    action: {
      copy: {
        src: path,
        dest: destination,
        owner,
        ...modeJson(mode),
        allowWildcard: wildcard || undefined,
        attemptUnpackDockerCompatibility: unpack || undefined,
        excludePatterns: excludes.length === 0 ? undefined : [...excludes],
        createDestPath: true,
      },
    },
  }));
}

function modeJson(mode: number | string | undefined): {readonly mode?: number; readonly modeStr?: string} {
  if (mode === undefined) return {};
  return typeof mode === 'number' ? {mode} : {modeStr: mode};
}

/** Names are of the passwd and group files of the input. */
function ownerJson(owner: string | undefined, input: number): Json | undefined {
  if (owner === undefined) return undefined;
  const [user = '', group] = owner.split(':');
  const part = (name: string): Json => ({
    User: /^\d+$/.test(name) ? {byId: Number(name)} : {byName: {name, input}},
  });
  return {user: part(user), group: group === undefined ? undefined : part(group)};
}

export function base64Of(text: string): string {
  return Buffer.from(withoutCredentials(text)).toString('base64');
}
