// COPY, ADD and WORKDIR as BuildKit keys them (`buildkit.file.v0`): one action for each source, in which a path that is
// read is told by its last component only, for what lies there counts by its content or by a selector.

import type {CopyAction, FileAction, FileOp} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {digestOf} from '../../oci/digest.ts';
import type {ChecksumPlace} from '../../tree/buildkit-checksum.ts';
import {byteOrder} from '../../util/byte-order.ts';
import {clean, base as nameOf} from '../../util/go-path.ts';
import {type GoJson, goJson, unlessEmpty} from './go-json.ts';
import {type BuildkitInput, type BuildkitStep, hasOneOwner, recordDigest, selectorOf} from './step.ts';

type Members = {readonly [member: string]: GoJson | undefined};

/** One action of BuildKit's: what it says in each dialect, and what it reads. */
interface Action {
  json(dialect: Dialect): Members;
  /** An input of our vertex, or a step of BuildKit's own. */
  readonly from?: Vertex | BuildkitStep;
  readonly place?: ChecksumPlace;
  /** Whose owner the files get; undefined: they keep theirs. */
  readonly isOwned: boolean;
}

/** How versions write the same thing. */
interface Dialect {
  /** Later versions write `byId`. */
  readonly byId: 'byID' | 'byId';
  /** Later versions do not write a number that is zero. */
  readonly zeros: boolean;
  /** ADD of a URL or a repository takes what is there as it is; a context that was fetched is copied as any other. */
  readonly plainSources: boolean;
}

const dialects: readonly Dialect[] = (['byID', 'byId'] as const).flatMap((byId) =>
  [true, false].flatMap((zeros) => [true, false].map((plainSources) => ({byId, zeros, plainSources}))),
);

export function fileStep(op: FileOp, inputs: readonly Vertex[]): BuildkitStep {
  const base = inputs[op.base];
  const actions = op.actions.flatMap((action) => actionsOf(action, inputs, base === undefined ? -1 : 0));
  const froms: (Vertex | BuildkitStep)[] = base === undefined ? [] : [base];
  const places: ChecksumPlace[][] = [];
  const owned: boolean[] = [];
  const indexes = actions.map(({from, place, isOwned}, at) => {
    let second = -1;
    if (from !== undefined) {
      const known = froms.indexOf(from);
      second = known >= 0 ? known : froms.push(from) - 1;
      if (place !== undefined) places[second] = [...(places[second] ?? []), place];
      owned[second] = (owned[second] ?? true) && isOwned;
    }
    return {second, at};
  });
  const baseIndex = base === undefined ? -1 : 0;
  const links = indexes.map(({second, at}) => [
    at === 0 ? baseIndex : froms.length + at - 1,
    second,
    at === actions.length - 1 ? 0 : -1,
  ]);
  return {
    digests: digestsOf(actions, links),
    inputs: froms.map((from, index) =>
      inputOf(from, index === baseIndex ? [] : (places[index] ?? []), owned[index] ?? false),
    ),
  };
}

function digestsOf(actions: readonly Action[], links: readonly (readonly number[])[]): ReadonlySet<string> {
  // As BuildKit has it, which compares with the number of actions where that of the inputs is meant.
  const isUsual = links.every(
    ([first, second, output], at) =>
      first === (at === 0 ? 0 : links.length + at - 1) &&
      (second === -1 || second === 1) &&
      output === (at === links.length - 1 ? 0 : -1),
  );
  return new Set(
    dialects.map((dialect) => {
      const texts = actions.map(({json}) => Buffer.from(goJson(json(dialect))).toString('base64'));
      const indexes = isUsual ? undefined : links.map((each) => [...each]);
      return recordDigest(digestOf(goJson({Type: 'buildkit.file.v0', Actions: texts, indexes})));
    }),
  );
}

function inputOf(
  from: Vertex | BuildkitStep,
  places: readonly ChecksumPlace[],
  isOwned: boolean,
): BuildkitInput {
  if (places.length === 0) return {from, selectors: ['']};
  const paths = places.map(({path}) => path).toSorted((a, b) => byteOrder(b, a));
  const selectors = [selectorOf(paths)];
  return isOwned || hasOneOwner(from) ? {from, selectors, places: withoutRepeats(places)} : {from, selectors};
}

/** In the order of paths, each once, none within another that is taken as a whole. */
function withoutRepeats(places: readonly ChecksumPlace[]): readonly ChecksumPlace[] {
  const isWhole = ({wildcard, include, exclude}: ChecksumPlace): boolean =>
    !wildcard && include.length + exclude.length === 0;
  const whole = new Set(places.filter(isWhole).map(({path}) => path));
  const kept = [...whole].filter(
    (path) =>
      ![...whole].some((other) => other !== path && path.startsWith(other === '/' ? '/' : `${other}/`)),
  );
  const plain = kept.flatMap((path) => places.find((place) => isWhole(place) && place.path === path) ?? []);
  return [...plain, ...places.filter((place) => !isWhole(place))].toSorted((a, b) =>
    byteOrder(a.path, b.path),
  );
}

function actionsOf(action: FileAction, inputs: readonly Vertex[], base: number): readonly Action[] {
  switch (action.type) {
    case 'make-directory': {
      const {path, owner, createdSeconds} = action;
      const json = (dialect: Dialect): Members => ({
        path,
        mode: 0o755,
        makeParents: true,
        owner: ownerJson(owner, base, dialect),
        timestamp: timestampOf(createdSeconds),
      });
      return [{json, isOwned: true}];
    }
    case 'make-file': {
      const {name, content, destination, owner, mode, createdSeconds} = action;
      const source = {path: `/${name}`, wildcard: false};
      const from = mkfileStep(name, 0o644, content);
      const plain = {destination, owner, mode, createdSeconds, unpack: false, excludes: [], isPlain: true};
      return [copyOf(source, plain, from, base)];
    }
    case 'copy': {
      const from = inputs[action.input];
      return action.sources.map((source) => copyOf(source, {...action, isPlain: false}, from, base));
    }
  }
}

type Copy = Pick<CopyAction, 'destination' | 'unpack' | 'excludes'> & {
  readonly owner?: CopyAction['owner'] | undefined;
  readonly mode?: CopyAction['mode'] | undefined;
  readonly createdSeconds?: number | undefined;
  readonly parents?: boolean;
  /** A file that is there under just this name. */
  readonly isPlain: boolean;
};

function copyOf(
  source: CopyAction['sources'][number],
  copy: Copy,
  from: Vertex | BuildkitStep | undefined,
  base: number,
): Action {
  const {path, include} = placeIn(source.path, copy.parents === true);
  const isFetched = from !== undefined && 'op' in from && isRemote(from);
  const isPlainIn = ({plainSources}: Dialect): boolean => copy.isPlain || (isFetched && plainSources);
  const wildcard = !copy.isPlain && hasPattern(path);
  const place = {path, wildcard, followLinks: !copy.isPlain, include, exclude: copy.excludes};
  const json = (dialect: Dialect): Members => {
    const isCopy = isPlainIn(dialect) ? undefined : true;
    return {
      src: from === undefined ? path : nameOf(path),
      dest: copy.destination,
      owner: ownerJson(copy.owner, base, dialect),
      mode: unlessEmpty(typeof copy.mode === 'number' ? copy.mode : -1),
      followSymlink: isCopy,
      dirCopyContents: isCopy,
      attemptUnpackDockerCompatibility: unlessEmpty(copy.unpack),
      createDestPath: true,
      allowWildcard: isCopy,
      allowEmptyWildcard: isCopy,
      timestamp: timestampOf(copy.createdSeconds),
      include_patterns: unlessEmpty(include),
      exclude_patterns: unlessEmpty(copy.excludes),
      modeStr: typeof copy.mode === 'string' ? copy.mode : undefined,
    };
  };
  return {json, ...(from === undefined ? {} : {from}), place, isOwned: copy.owner !== undefined};
}

function isRemote({op}: Vertex): boolean {
  return op.kind === 'source' && (op.source.type === 'http' || op.source.type === 'git');
}

function placeIn(
  path: string,
  parents: boolean,
): {readonly path: string; readonly include: readonly string[]} {
  if (!parents) return {path: clean(`/${path}`), include: []};
  const pivot = path.indexOf('/./');
  const above = pivot < 0 ? '/' : clean(`/${path.slice(0, pivot)}`);
  const kept = clean(`/${pivot < 0 ? path : path.slice(pivot + 3)}`);
  return {path: above, include: [kept.slice(1)]};
}

function hasPattern(path: string): boolean {
  return /^(?:[^\\*?[]|\\[\s\S])*[*?[]/.test(path);
}

function timestampOf(seconds: number | undefined): number {
  return seconds === undefined ? -1 : seconds * 1_000_000_000;
}

function ownerJson(owner: string | undefined, input: number, dialect: Dialect): GoJson | undefined {
  if (owner === undefined) return undefined;
  const colon = owner.indexOf(':');
  const user = colon < 0 ? owner : owner.slice(0, colon);
  return {
    user: idJson(user, input, dialect),
    group: colon < 0 ? undefined : idJson(owner.slice(colon + 1), input, dialect),
  };
}

function idJson(name: string, input: number, {byId, zeros}: Dialect): GoJson {
  const id = name === 'root' ? 0 : /^[+-]?\d+$/.test(name) ? Number.parseInt(name, 10) : undefined;
  if (id !== undefined) return {User: {[byId]: unlessEmpty(id)}};
  // A name of no length is the number 0 of what Go leaves unset.
  if (name === '') return {User: {}};
  return {User: {byName: {name, input: zeros ? input : unlessEmpty(input)}}};
}

/** A directory on nothing, as cache mounts begin with one. */
export function mkdirStep(
  path: string,
  mode: number,
  {uid, gid}: {readonly uid: number; readonly gid: number},
): BuildkitStep {
  const owner = `${uid}:${gid}`;
  const json = (dialect: Dialect): Members => ({
    path,
    mode: unlessEmpty(mode),
    owner: ownerJson(owner, -1, dialect),
    timestamp: -1,
  });
  return {digests: digestsOf([{json, isOwned: true}], [[-1, -1, 0]]), inputs: []};
}

/** A file on nothing: what a heredoc is before it is copied or mounted. */
export function mkfileStep(name: string, mode: number, content: string): BuildkitStep {
  const data = Buffer.from(content).toString('base64');
  const json = (): Members => ({path: `/${name}`, mode, data: unlessEmpty(data), timestamp: -1});
  return {digests: digestsOf([{json, isOwned: true}], [[-1, -1, 0]]), inputs: []};
}
