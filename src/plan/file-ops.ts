// COPY and ADD as actions of one file op, and the directory of WORKDIR. What the two keywords share is here; what only
// one of them may do is decided by the instruction.

import type {CopyInstruction} from '../dockerfile/ast.ts';
import type {CopySource, FileAction, Owner, SourceOp} from '../graph/op.ts';
import type {Vertex} from '../graph/vertex.ts';
import {withoutCredentials} from '../util/url-credentials.ts';
import {InputList} from './graph-builder.ts';
import {cleanAbsolute, destinationIn, hasWildcard} from './paths.ts';
import {PlanProblem} from './plan-problem.ts';
import type {StageState} from './stage-state.ts';

/** A COPY or ADD after expansion. */
export interface FileTransfer {
  readonly keyword: 'ADD' | 'COPY';
  readonly sources: readonly string[];
  readonly documents: readonly {readonly name: string; readonly content: string}[];
  readonly destination: string;
  readonly owner: string;
  readonly mode: string;
  readonly parents: boolean;
  readonly excludes: readonly string[];
  readonly link: boolean;
  /** Local archives are unpacked. */
  readonly unpack: boolean;
}

/** A source that is not a path in the context: where it comes from and which path in there. */
export interface RemoteSource {
  readonly op: SourceOp;
  readonly path: string;
  readonly unpack: boolean;
}

/** Expands the words of an instruction, sources before destination. */
export function expandTransfer(instruction: CopyInstruction, stage: StageState): FileTransfer {
  return {
    keyword: instruction.keyword,
    owner: instruction.chown === undefined ? '' : stage.expand(instruction.chown),
    mode: instruction.chmod === undefined ? '' : stage.expand(instruction.chmod),
    sources: instruction.sources.map((source) => stage.expand(source)),
    destination: stage.expand(instruction.destination),
    documents: instruction.sourceHeredocs.map((heredoc) => ({
      name: heredoc.name,
      content: heredoc.expand ? stage.expandHeredoc(heredoc.content) : heredoc.content,
    })),
    parents: instruction.parents,
    excludes: instruction.excludes,
    link: instruction.link,
    unpack: instruction.unpack ?? instruction.keyword === 'ADD',
  };
}

/**
 * Adds the layer of a COPY or ADD to the stage. `from` is where paths are looked up (undefined: an empty file system),
 * `remote` turns a source into something else when it is not a path.
 */
export function lowerTransfer(
  transfer: FileTransfer,
  stage: StageState,
  from: () => Vertex | undefined,
  remote: (source: string) => RemoteSource | undefined,
): void {
  const destination = destinationIn(stage.workdir, transfer.destination);
  const mode = modeOf(transfer.mode);
  const remotes = transfer.sources.map(remote);
  const name = stage.stepName();
  const inputs = new InputList();
  // On top of the stage, or with --link on nothing: the layer is then merged, and outlives a change below it. A mode
  // given as --chmod needs the files it finds there (BuildKit links only without it).
  const isLinked = transfer.link && mode === undefined && stage.vertex !== undefined;
  const base = isLinked ? -1 : inputs.indexOf(stage.vertex);
  const shared = {
    destination,
    ...(transfer.owner === '' ? {} : {owner: ownerOf(transfer.owner)}),
    ...(mode === undefined ? {} : {mode}),
    ...stage.creationTime(),
  };
  const actions: FileAction[] = [];
  let paths: CopySource[] = [];
  const flushPaths = (): void => {
    if (paths.length === 0) return;
    const {parents, excludes, unpack} = transfer;
    actions.push({
      type: 'copy',
      input: inputs.indexOf(from()),
      sources: paths,
      ...shared,
      unpack,
      parents,
      excludes,
    });
    paths = [];
  };
  transfer.sources.forEach((source, index) => {
    const fetched = remotes[index];
    if (fetched === undefined) {
      paths.push(sourcePath(source, transfer.parents));
      return;
    }
    flushPaths();
    const vertex = stage.add(fetched.op, [], name, {mayIgnoreCache: false});
    actions.push({
      type: 'copy',
      input: inputs.indexOf(vertex),
      sources: [{path: fetched.path, wildcard: false}],
      ...shared,
      unpack: fetched.unpack,
      parents: false,
      excludes: transfer.excludes,
    });
  });
  flushPaths();
  for (const document of transfer.documents) {
    // Without a mode the file gets 0644; directories made for it have modes of their own.
    actions.push({type: 'make-file', ...shared, ...document});
  }
  const made = stage.add({kind: 'file', base, actions}, inputs.vertices, name, {mayIgnoreCache: true});
  stage.vertex = isLinked ? merged(stage, made) : made;
  stage.commitLayer(`${historyText(transfer)} # buildkit`);
}

function merged(stage: StageState, layer: Vertex): Vertex {
  const below = stage.vertex === undefined ? [] : [stage.vertex];
  return stage.add({kind: 'merge'}, [...below, layer], stage.sameStepName('LINK'), {mayIgnoreCache: true});
}

function sourcePath(source: string, parents: boolean): CopySource {
  if (!parents) {
    const path = cleanAbsolute(source);
    return {path, wildcard: hasWildcard(path)};
  }
  // What stands before the pivot `/./` is where to look, what comes after it is kept below the destination.
  const pivot = source.indexOf('/./');
  const above = pivot < 0 ? '/' : cleanAbsolute(source.slice(0, pivot));
  const kept = cleanAbsolute(pivot < 0 ? source : source.slice(pivot + 3));
  const path = pivot < 0 ? kept : `${above === '/' ? '' : above}/.${kept}`;
  return {path, wildcard: hasWildcard(above) || hasWildcard(kept)};
}

/** `--from` and `--link` are not told, and no password of a URL. */
function historyText(transfer: FileTransfer): string {
  return [
    transfer.keyword,
    ...(transfer.parents ? ['--parents'] : []),
    ...(transfer.owner === '' ? [] : [`--chown=${transfer.owner}`]),
    ...(transfer.mode === '' ? [] : [`--chmod=${transfer.mode}`]),
    ...transfer.sources.map(withoutCredentials),
    ...transfer.documents.map((document) => `<<${document.name}`),
    transfer.destination,
  ].join(' ');
}

/** The name `root` is 0 whatever the image says of it, as in BuildKit, so that it is the same owner in keys, too. */
function ownerOf(text: string): Owner {
  return text
    .split(':')
    .map((part) => (part === 'root' ? '0' : part))
    .join(':');
}

const symbolicMode = /^[ugoa]*(?:[-+=][rwxXstugo]*)+(?:,[ugoa]*(?:[-+=][rwxXstugo]*)+)*$/;

/** --chmod: an octal number, or chmod(1)'s symbolic form; undefined when there is none. */
function modeOf(text: string): number | string | undefined {
  if (text === '') return undefined;
  if (/^[0-7]+$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    if (mode <= 0o7777) return mode;
  } else if (symbolicMode.test(text)) {
    return text;
  }
  const message = `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`;
  const hints = ['the symbolic form of chmod(1) works too: --chmod=u=rwX,go=rX'];
  throw new PlanProblem('plan-file-mode', message, hints, `--chmod=${text}`);
}

/** The layer of WORKDIR: the directory with its parents, owned by the user of the stage. */
export function makeWorkdir(stage: StageState): void {
  const inputs = new InputList();
  const base = inputs.indexOf(stage.vertex);
  const action: FileAction = {
    type: 'make-directory',
    path: cleanAbsolute(stage.workdir),
    ...(stage.user === '' ? {} : {owner: ownerOf(stage.user)}),
    unknownOwner: 'root',
    ...stage.creationTime(),
  };
  const name = stage.stepName();
  stage.vertex = stage.add({kind: 'file', base, actions: [action]}, inputs.vertices, name, {
    mayIgnoreCache: false,
  });
}
