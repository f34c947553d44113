// The build context, the named ones and the Dockerfile: a directory of the host is read in place, anything else was
// fetched and is a tree with a key.

import {buildError} from '../diagnostics/build-error.ts';
import {type SourceFile, sourceFile} from '../diagnostics/source-file.ts';
import type {EpochOrigin} from '../plan/plan.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {Solved} from '../solver/op-runner.ts';
import {LocalContext} from '../sources/local/local-context.ts';
import type {BuildValue} from '../sources/value.ts';
import type {Observed} from '../unchanged/observed.ts';
import {withoutCredentials} from '../util/url-credentials.ts';
import type {Engine} from './engine.ts';
import type {ContextFetcher, FetchedContext} from './fetched-context.ts';
import {type LocalPlace, localPlaceOf, readLocalDockerfile} from './local-place.ts';
import {type NamedContextSet, readNamedContexts} from './named-contexts.ts';
import {once} from './once.ts';
import type {RemoteSources} from './remote-sources.ts';
import type {BuildRequest} from './request.ts';
import type {ReadGiven} from './step.ts';

export interface BuildContext extends AsyncDisposable {
  readonly named: NamedContextSet;
  dockerfile(): Promise<SourceFile>;
  /** The directory behind a LocalSource name (`context`, or a named one); undefined when it is no directory here. */
  local(name: string): LocalContext | undefined;
  /** What a LocalSource name stands for. Fetches it if need be. */
  open(name: string, signal: AbortSignal): Promise<Solved<BuildValue>>;
  /** When something was made that SOURCE_DATE_EPOCH names. Fetches it if need be. */
  epochOf(origin: EpochOrigin, signal: AbortSignal): Promise<number | undefined>;
}

type MainContext =
  | {readonly type: 'local'; readonly place: LocalPlace}
  | {readonly type: 'fetched'; readonly tree: FetchedContext};

const mainName = 'context';

export interface ContextSurroundings {
  readonly sources: RemoteSources;
  readonly observed?: Observed | undefined;
  readonly read: ReadGiven;
  readonly signal: AbortSignal;
}

/** Fetches the main context when it is not here, for the Dockerfile is in it. */
export async function openContext(
  request: BuildRequest,
  engine: Engine,
  {sources, observed, read, signal}: ContextSurroundings,
): Promise<BuildContext> {
  const named = await readNamedContexts(request);
  const work = new WorkDirectories(engine);
  // Loaded when something is not a directory, which is seldom.
  const fetcher = once(async () => {
    const {ContextFetcher} = await import('./fetched-context.ts');
    return new ContextFetcher({request, engine, sources, makeWork: () => work.make(), signal});
  });
  try {
    const text = await outsideDockerfile(request, fetcher.get);
    const main = await mainContext(request, text !== undefined, fetcher.get, observed);
    return new OpenedContext({
      named,
      engine,
      sources,
      observed,
      read,
      work,
      main,
      text,
      fetcher: fetcher.get,
    });
  } catch (error) {
    await work[Symbol.asyncDispose]();
    throw error;
  }
}

/** A Dockerfile that is not a file of this machine. */
async function outsideDockerfile(
  {dockerfile = '', dockerfileText}: BuildRequest,
  fetcher: () => Promise<ContextFetcher>,
): Promise<SourceFile | undefined> {
  if (dockerfileText !== undefined) return sourceFile('-', dockerfileText);
  if (!/^https?:\/\//.test(dockerfile)) return undefined;
  return sourceFile(withoutCredentials(dockerfile), await (await fetcher()).textOf(dockerfile));
}

async function mainContext(
  request: BuildRequest,
  hasText: boolean,
  fetcher: () => Promise<ContextFetcher>,
  observed: Observed | undefined,
): Promise<MainContext> {
  const {context} = request;
  if (context.type === 'directory') {
    const place = await localPlaceOf(request, context.path, hasText, (path, isHere) =>
      observed?.place(path, isHere),
    );
    return {type: 'local', place};
  }
  const fetched = await fetcher();
  const tree = await (context.type === 'url'
    ? fetched.fromUrl(context.url)
    : fetched.fromBytes(context.bytes));
  return {type: 'fetched', tree};
}

interface OpenedContextOptions extends Pick<ContextSurroundings, 'sources' | 'observed' | 'read'> {
  readonly named: NamedContextSet;
  readonly engine: Engine;
  readonly work: WorkDirectories;
  readonly main: MainContext;
  /** The Dockerfile, when it is not in the context. */
  readonly text: SourceFile | undefined;
  fetcher(): Promise<ContextFetcher>;
}

class OpenedContext implements BuildContext {
  readonly named: NamedContextSet;
  readonly #options: OpenedContextOptions;
  readonly #locals = new Map<string, LocalContext>();

  constructor(options: OpenedContextOptions) {
    this.named = options.named;
    this.#options = options;
  }

  async dockerfile(): Promise<SourceFile> {
    const {text, main, fetcher, observed, read} = this.#options;
    if (text !== undefined) return text;
    if (main.type !== 'local') return (await fetcher()).dockerfileIn(main.tree);
    const file = await readLocalDockerfile(main.place, read);
    observed?.file(main.place.dockerfile ?? '', true);
    return file;
  }

  local(name: string): LocalContext | undefined {
    const known = this.#locals.get(name);
    if (known !== undefined) return known;
    const place = this.#placeOf(name);
    if (place === undefined) return undefined;
    const {observed, engine} = this.#options;
    const {helper, later, notes, fileLists} = engine;
    const context = new LocalContext({
      name,
      ...place,
      helper,
      statCache: {
        load: async (key) => notes.getInPieces('stat', key),
        save: (key, bytes) => later.add(() => notes.setInPieces('stat', key, bytes)),
      },
      onLook: (path, isHere) => observed?.file(path, isHere),
      onWalk: (walk) => observed?.walk(walk),
      onSelected: (digest, list) => fileLists.keep(digest, list),
    });
    this.#locals.set(name, context);
    return context;
  }

  async open(name: string, signal: AbortSignal): Promise<Solved<BuildValue>> {
    const context = this.local(name);
    if (context !== undefined) return {value: {type: 'local', context}, key: undefined};
    const {snapshot, key} = await this.#treeOf(name, signal);
    return {value: {type: 'snapshot', snapshot}, key};
  }

  async epochOf(origin: EpochOrigin, signal: AbortSignal): Promise<number | undefined> {
    const {engine, sources, main} = this.#options;
    const scope = {engine, sources, signal};
    const {epochOfSource, epochOfTree} = await import('./source-epochs.ts');
    if (origin.type === 'source') return epochOfSource(origin.source, scope);
    const tree = this.named.trees.get(origin.name);
    if (tree !== undefined) return tree.type === 'remote' ? epochOfSource(tree.source, scope) : undefined;
    if (main.type === 'local') return undefined;
    const {source, snapshot} = main.tree;
    return source === undefined ? epochOfTree(snapshot, scope) : epochOfSource(source, scope);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.work[Symbol.asyncDispose]();
  }

  #placeOf(name: string): {readonly directory: string; readonly dockerfile?: string} | undefined {
    const origin = this.named.trees.get(name);
    if (origin !== undefined) return origin.type === 'directory' ? {directory: origin.directory} : undefined;
    const {main} = this.#options;
    if (name !== mainName || main.type !== 'local') return undefined;
    const {directory, dockerfile} = main.place;
    return {directory, ...(dockerfile === undefined ? {} : {dockerfile})};
  }

  async #treeOf(
    name: string,
    signal: AbortSignal,
  ): Promise<{readonly snapshot: SnapshotId | undefined; readonly key: string}> {
    const {sources, main} = this.#options;
    const origin = this.named.trees.get(name);
    if (origin?.type === 'remote') {
      const {source} = origin;
      return source.type === 'git' ? sources.git(source, signal) : sources.http(source, signal);
    }
    if (name === mainName && main.type === 'fetched') return main.tree;
    throw buildError('user', 'context-unknown', `no build context named ${name}`);
  }
}

/** Directories for what is on its way in; gone with the context. */
class WorkDirectories implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #paths: string[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async make(): Promise<string> {
    const path = await this.#engine.state.makeWork();
    this.#paths.push(path);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const paths = this.#paths.splice(0);
    if (paths.length === 0) return;
    const helper = await this.#engine.helper();
    await helper.request(
      'remove',
      paths.map((path) => `path=${path}`),
    );
  }
}
