// A build context that is no directory of the host: a git repository, an archive or a bare Dockerfile behind a URL
// or on standard input. It becomes a tree of its own, in which no .dockerignore counts (as BuildKit), and which is
// somebody else's: files of it are read through the helper, which follows no symlink out of it.

import {open, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {BuildError} from '../diagnostics/build-error.ts';
import {type SourceFile, sourceFile} from '../diagnostics/source-file.ts';
import type {GitSource, HttpSource} from '../graph/op.ts';
import {type View, viewArguments} from '../helper/helper.ts';
import {type Digest, digestOf} from '../oci/digest.ts';
import {Contents} from '../ops/contents.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import {unpackedTree} from '../sources/archive/archive-trees.ts';
import {isArchive, sniffedBytes} from '../sources/archive/sniff.ts';
import {copyArgumentsOf} from '../tree/copy-arguments.ts';
import type {CopyPattern} from '../tree/copy-pattern.ts';
import {assert} from '../util/assert.ts';
import type {Engine} from './engine.ts';
import {decode, dockerfileNames, unreadable} from './local-place.ts';
import {fileContextOf, gitContextOf} from './remote-context.ts';
import type {RemoteSources} from './remote-sources.ts';
import type {BuildRequest} from './request.ts';

export interface FetchedContext {
  /** Undefined: an empty tree. */
  readonly snapshot: SnapshotId | undefined;
  /** By content. */
  readonly key: string;
  /** Text of the Dockerfile, when it is all that was there. */
  readonly text?: string;
  /** Where it was fetched from; undefined: standard input. */
  readonly source?: GitSource | HttpSource;
}

export interface ContextFetcherOptions {
  readonly request: BuildRequest;
  readonly engine: Engine;
  readonly sources: RemoteSources;
  readonly signal: AbortSignal;
  /** A new directory that somebody else removes. */
  makeWork(): Promise<string>;
}

export class ContextFetcher {
  readonly #options: ContextFetcherOptions;

  constructor(options: ContextFetcherOptions) {
    this.#options = options;
  }

  async fromUrl(url: string): Promise<FetchedContext> {
    const {request, engine, sources, signal} = this.#options;
    const git = gitContextOf(url, isOn(request.buildArgs['BUILDKIT_CONTEXT_KEEP_GIT_DIR']));
    if (git !== undefined) return {...(await sources.git(git, signal)), source: git};
    const source = fileContextOf(url);
    const {snapshot, key, digest} = await sources.http(source, signal);
    const view = await engine.snapshotter.view(snapshot, signal);
    const path = join(directoryOf(view), source.filename);
    if (!isArchive(await startOf(path))) return {snapshot, key, text: decode(await readFile(path)), source};
    return {...(await this.#unpacked(digest, async () => view, source.filename)), source};
  }

  async fromBytes(bytes: Uint8Array): Promise<FetchedContext> {
    if (!isArchive(bytes)) return {snapshot: undefined, key: 'empty', text: decode(bytes)};
    const view = async (): Promise<View> => {
      const dir = await this.#options.makeWork();
      await writeFile(join(dir, 'archive'), bytes);
      return {dir};
    };
    return this.#unpacked(digestOf(bytes), view, 'archive');
  }

  /** The text of the Dockerfile behind a URL. */
  async textOf(url: string): Promise<string> {
    const {engine, sources, signal} = this.#options;
    const source = fileContextOf(url);
    const {snapshot} = await sources.http(source, signal);
    const view = await engine.snapshotter.view(snapshot, signal);
    return decode(await readFile(join(directoryOf(view), source.filename)));
  }

  async dockerfileIn({snapshot, text}: FetchedContext): Promise<SourceFile> {
    if (text !== undefined) return sourceFile('Dockerfile', text);
    const names = dockerfileNames(this.#options.request);
    for (const name of names) {
      const found = await this.#read(snapshot, name);
      if (found !== undefined) return sourceFile(name, found);
    }
    throw unreadable(names[0] ?? '', {code: 'ENOENT'}, {home: 'the context'});
  }

  async #unpacked(digest: Digest, view: () => Promise<View>, name: string): Promise<FetchedContext> {
    const {engine, signal} = this.#options;
    const snapshot = await unpackedTree({digest, view, name}, engine, signal);
    return {snapshot, key: `archive ${digest}`};
  }

  /** A file of the tree, found as COPY would find it; undefined when it is not there. */
  async #read(snapshot: SnapshotId | undefined, path: string): Promise<string | undefined> {
    const {engine, makeWork, signal} = this.#options;
    const {snapshotter, helper, notes, fileLists} = engine;
    const key = `text ${snapshot ?? ''} ${path}`;
    const known = notes.getText('content', key);
    if (known !== undefined) return known;
    const contents = new Contents({snapshotter, helper, notes, fileLists});
    const copy: CopyPattern = {sources: [{path, wildcard: false}], parents: false, excludes: []};
    const selection = await contents
      .select({type: 'snapshot', snapshot}, copy, signal)
      .catch((error: unknown) => {
        if (error instanceof BuildError && error.kind === 'user') return undefined;
        throw error;
      });
    const [source] = selection?.sources ?? [];
    if (source === undefined) return undefined;
    if (source.kind === 'directory') throw unreadable(path, {code: 'EISDIR'}, {home: 'the context'});
    const work = await makeWork();
    const view = viewArguments(await snapshotter.view(snapshot, signal));
    const action = ['action=copy', 'view=1', ...copyArgumentsOf(source, '/copied'), 'owner=0:0', 'mode=0600'];
    await (await helper()).request('copy', [`upper=${work}`, 'view=1', ...view, ...action], {
      signal: signal,
    });
    const text = decode(await readFile(join(work, 'copied')));
    notes.set('content', key, text);
    return text;
  }
}

/** Of a snapshot of one layer. */
export function directoryOf(view: View): string {
  assert('layers' in view && view.layers.length === 1, 'a download is one layer');
  const [directory = ''] = view.layers;
  return directory;
}

export async function startOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const {buffer, bytesRead} = await file.read(Buffer.alloc(sniffedBytes), 0, sniffedBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** As Go reads a bool. */
function isOn(text: string | undefined): boolean {
  return text !== undefined && /^(?:1|t|true)$/i.test(text);
}
