// URLs as sources: a body becomes a snapshot with one file in it, keyed by what it holds. A server is asked with every
// build whether its file is still the same; one whose digest is known beforehand is not asked at all.

import {chmod, rename, utimes} from 'node:fs/promises';
import {join} from 'node:path';
import {buildError} from '../../diagnostics/build-error.ts';
import type {HttpSource} from '../../graph/op.ts';
import {type Digest, digestOf} from '../../oci/digest.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {ActiveSnapshot, Snapshotter} from '../../snapshot/snapshotter.ts';
import type {Notes} from '../../store/notes.ts';
import {assert} from '../../util/assert.ts';
import {canonicalJson} from '../../util/canonical-json.ts';
import {withoutCredentials} from '../../util/url-credentials.ts';
import type {HttpClient} from '../registry/http.ts';
import {type Pacing, realPacing} from '../registry/retry.ts';
import {type Download, download, type Validators} from './download.ts';
import {httpFailureOf} from './failures.ts';
import {authorizationFor} from './http-credentials.ts';

export interface HttpSourcesOptions {
  readonly snapshotter: Snapshotter;
  readonly notes: Notes;
  readonly http: () => Promise<HttpClient>;
  readonly secrets: () => Promise<Readonly<Record<string, Uint8Array>>>;
  readonly pacing?: Pacing;
}

export interface FetchedFile {
  /** One file below its root: `filename`, mode 0600, owned by root, as new as the server says. */
  readonly snapshot: SnapshotId;
  readonly digest: Digest;
  /** What the server says of its age; undefined: nothing. */
  readonly modifiedSeconds: number | undefined;
  /** By content. */
  readonly key: string;
}

export type OnDownloadProgress = (received: number, total: number | undefined) => void;

interface Remembered extends Validators {
  readonly digest: Digest;
  readonly modifiedSeconds: number;
}

const bodyName = 'body';
const fileMode = 0o600;
const filenameBytesMax = 255;

export class HttpSources {
  readonly #options: HttpSourcesOptions;
  /** A build sees one state of a URL, however often it is named. */
  readonly #fetched = new Map<string, Promise<FetchedFile>>();

  constructor(options: HttpSourcesOptions) {
    this.#options = options;
  }

  /** How a source is shown. */
  nameOf({url}: HttpSource): string {
    return withoutCredentials(url);
  }

  /** Throws BuildError when there is no such file, or not the one with that checksum. */
  fetch(source: HttpSource, signal: AbortSignal, onProgress?: OnDownloadProgress): Promise<FetchedFile> {
    const key = canonicalJson([source.url, source.filename, source.checksum ?? '']);
    const fetched = this.#fetched.get(key) ?? this.#fetch(source, signal, onProgress);
    this.#fetched.set(key, fetched);
    return fetched;
  }

  async #fetch(
    source: HttpSource,
    signal: AbortSignal,
    onProgress: OnDownloadProgress | undefined,
  ): Promise<FetchedFile> {
    checkFilename(source);
    // A digest, since a URL may hold a password.
    const noteKey = digestOf(canonicalJson([source.url, source.filename]));
    const {notes} = this.#options;
    const text = notes.getText('http', noteKey);
    const remembered = text === undefined ? undefined : (JSON.parse(text) as Remembered);
    const copy = remembered === undefined ? undefined : await this.#copyOf(source, remembered);
    if (copy !== undefined && copy.digest === source.checksum) return copy;
    const known = copy === undefined || source.checksum !== undefined ? undefined : remembered;
    const {snapshotter} = this.#options;
    // Made when bytes come: mostly the server has nothing new to say.
    const body: {active?: ActiveSnapshot} = {};
    const path = async (): Promise<string> => {
      body.active = await snapshotter.prepare(undefined, signal);
      return join(body.active.directory, bodyName);
    };
    try {
      const outcome = await this.#download(source, known, path, signal, onProgress);
      if (outcome.type === 'unchanged') {
        if (copy !== undefined) return copy;
        throw buildError('environment', 'http-status', unasked(source));
      }
      const {digest, validators, modifiedSeconds} = outcome;
      if (source.checksum !== undefined && digest !== source.checksum) throw mismatch(source, digest);
      const fresh: Remembered = {...validators, digest, modifiedSeconds};
      let result = await this.#copyOf(source, fresh);
      if (result === undefined) {
        assert(body.active !== undefined, 'a body was written somewhere');
        result = await this.#commit(source, fresh, body.active);
        delete body.active;
      }
      notes.set('http', noteKey, JSON.stringify(fresh));
      return result;
    } finally {
      if (body.active !== undefined) snapshotter.discard(body.active);
    }
  }

  async #download(
    source: HttpSource,
    known: Validators | undefined,
    path: () => Promise<string>,
    signal: AbortSignal,
    onProgress: OnDownloadProgress | undefined,
  ): Promise<Download> {
    const {http, secrets, pacing = realPacing} = this.#options;
    const url = urlOf(source.url);
    try {
      return await download({
        url,
        headers: authorizationFor(url, await secrets()),
        ...(known === undefined ? {} : {known}),
        verified: source.checksum !== undefined,
        path,
        http: await http(),
        pacing,
        signal,
        ...(onProgress === undefined ? {} : {onBytes: onProgress}),
      });
    } catch (error) {
      throw httpFailureOf(error, source.url);
    }
  }

  /** The snapshot with these contents, if there is one. */
  async #copyOf(source: HttpSource, {digest, modifiedSeconds}: Remembered): Promise<FetchedFile | undefined> {
    const key = keyOf(source.filename, digest, modifiedSeconds);
    const snapshot = this.#options.notes.getText('http', key);
    if (snapshot === undefined || !(await this.#options.snapshotter.isWhole(snapshot))) return undefined;
    return {snapshot, digest, modifiedSeconds: toldAge(modifiedSeconds), key};
  }

  async #commit(
    source: HttpSource,
    {digest, modifiedSeconds}: Remembered,
    active: ActiveSnapshot,
  ): Promise<FetchedFile> {
    const key = keyOf(source.filename, digest, modifiedSeconds);
    const file = join(active.upper, source.filename);
    await rename(join(active.directory, bodyName), file);
    await chmod(file, fileMode);
    await utimes(file, modifiedSeconds, modifiedSeconds);
    const snapshot = await this.#options.snapshotter.commit(active, {epochSeconds: modifiedSeconds});
    this.#options.notes.set('http', key, snapshot);
    return {snapshot, digest, modifiedSeconds: toldAge(modifiedSeconds), key};
  }
}

/** A file of unknown age is as old as can be. */
function toldAge(modifiedSeconds: number): number | undefined {
  return modifiedSeconds === 0 ? undefined : modifiedSeconds;
}

function keyOf(filename: string, digest: Digest, modifiedSeconds: number): string {
  return `http ${canonicalJson({digest, filename, mode: fileMode, modifiedSeconds})}`;
}

function urlOf(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw buildError('user', 'http-url', `${withoutCredentials(text)} is no valid URL`, {cause});
  }
}

function checkFilename({url, filename}: HttpSource): void {
  const valid =
    filename !== '' && !/[/\x00]/.test(filename) && Buffer.byteLength(filename) <= filenameBytesMax;
  if (valid) return;
  throw buildError(
    'user',
    'http-filename',
    `the last part of ${withoutCredentials(url)} cannot be the name of a file`,
  );
}

function unasked({url}: HttpSource): string {
  return `cannot download ${withoutCredentials(url)}: the server answered 304 Not Modified to a request without conditions`;
}

function mismatch({url, checksum}: HttpSource, digest: Digest): Error {
  const message = `digest mismatch for ${withoutCredentials(url)}: ${digest} (expected: ${checksum})`;
  return buildError('user', 'http-checksum', message, {
    hints: ['the file on the server is not the one that the checksum was made of'],
  });
}
