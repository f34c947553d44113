// The steps of a build for mode=max: each vertex with its op in the terms of BuildKit's LLB, numbered in the order of
// work, and the lines of the Dockerfile that it came from. Nothing secret is in an op but what the user wrote into the
// Dockerfile; proxies, which may hold passwords, are left out, and so are the credentials of URLs.

import type {ExecMount, ExecOp, FileAction, Op, SourceOp} from '../graph/op.ts';
import type {Vertex} from '../graph/vertex.ts';
import type {Json} from '../util/canonical-json.ts';
import {withoutCredentials} from '../util/url-credentials.ts';
import {gitUri} from './materials.ts';

export interface BuildStep {
  readonly id: string;
  readonly name: string;
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
export function buildStepsOf(vertices: readonly Vertex[]): readonly BuildStep[] {
  const ids = new Map(vertices.map((vertex, index) => [vertex, `step${index}`]));
  return vertices.map((vertex) => ({
    id: ids.get(vertex) ?? '',
    name: vertex.origin.name,
    op: opJson(vertex.op),
    inputs: vertex.inputs.map((input) => `${ids.get(input)}:0`),
  }));
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

function opJson(op: Op): Json {
  switch (op.kind) {
    case 'source':
      return {source: sourceJson(op)};
    case 'exec':
      return {exec: execJson(op), platform: {...op.platform}};
    case 'file':
      return {file: {base: op.base, actions: op.actions.map(actionJson)}};
    case 'merge':
      return {merge: {}};
  }
}

function sourceJson({source}: SourceOp): Json {
  switch (source.type) {
    case 'image': {
      const {reference, manifestDigest} = source;
      const pinned = reference.includes('@') ? reference : `${reference}@${manifestDigest}`;
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

function execJson(op: ExecOp): Json {
  return {
    meta: {args: [...op.args], env: [...op.env], cwd: op.cwd, user: op.user},
    mounts: [{input: op.rootInput, dest: '/'}, ...op.mounts.map(mountJson)],
    network: op.network,
    security: op.security,
  };
}

/** Of a secret only that there is one. */
function mountJson(mount: ExecMount): Json {
  const {type, target = ''} = mount;
  switch (mount.type) {
    case 'bind':
      return {
        mountType: type,
        dest: target,
        input: mount.input,
        selector: mount.source,
        readonly: mount.readonly,
      };
    case 'cache':
      return {
        mountType: type,
        dest: target,
        input: mount.input,
        cacheOpt: {ID: mount.id, sharing: mount.sharing},
      };
    case 'secret':
      return {mountType: type, dest: target, secretOpt: {ID: mount.id, optional: !mount.required}};
    case 'ssh':
      return {mountType: type, dest: target, SSHOpt: {ID: mount.id, optional: !mount.required}};
    case 'tmpfs':
      return {mountType: type, dest: target};
    case 'text':
      return {mountType: type, dest: target, data: base64Of(mount.text)};
  }
}

function actionJson(action: FileAction): Json {
  const owner = action.owner === undefined ? {} : {owner: action.owner};
  switch (action.type) {
    case 'copy': {
      const {input, destination} = action;
      return {copy: {input, src: action.sources.map(({path}) => path), dest: destination, ...owner}};
    }
    case 'make-file': {
      const data = base64Of(action.content);
      return {mkfile: {path: action.destination, name: action.name, data, ...owner}};
    }
    case 'make-directory':
      return {mkdir: {path: action.path, ...owner}};
  }
}

export function base64Of(text: string): string {
  return Buffer.from(withoutCredentials(text)).toString('base64');
}
