// Git repositories as sources: a name becomes a commit, a commit becomes a snapshot. A commit says what its files are,
// so one that was checked out before is neither looked for nor fetched again.

import {join} from 'node:path';
import {buildError} from '../../diagnostics/build-error.ts';
import type {GitSource} from '../../graph/op.ts';
import {type GitRun, runGit} from '../../helper/git-process.ts';
import {digestOf} from '../../oci/digest.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {Snapshotter} from '../../snapshot/snapshotter.ts';
import type {Notes} from '../../store/notes.ts';
import {canonicalJson} from '../../util/canonical-json.ts';
import {SingleFlight} from '../../util/single-flight.ts';
import {withoutCredentials} from '../../util/url-credentials.ts';
import {checkOut} from './checkout.ts';
import {gitFailureOf} from './failures.ts';
import {type GitRemote, gitRemoteOf, isCommit, patternsFor, refIn} from './remote.ts';

export interface GitSourcesOptions {
  readonly snapshotter: Snapshotter;
  readonly notes: Notes;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly secrets: () => Promise<Readonly<Record<string, Uint8Array>>>;
  /** Socket of the agent given with `--ssh default`. */
  readonly sshAgent: string | undefined;
  /** Tests have their own. */
  readonly run?: (run: GitRun) => Promise<string>;
}

/** A commit, and the ref that means it; undefined: the user named the commit. */
interface Named {
  readonly name: string | undefined;
  readonly commit: string;
}

export interface FetchedTree {
  readonly snapshot: SnapshotId;
  readonly commit: string;
  /** By content. */
  readonly key: string;
}

export class GitSources {
  readonly #options: GitSourcesOptions;
  /** A build sees one state of a repository, however often it looks. */
  readonly #commits = new Map<string, Promise<Named>>();
  readonly #trees = new SingleFlight<string, SnapshotId>();

  constructor(options: GitSourcesOptions) {
    this.#options = options;
  }

  /** How a source is shown. */
  nameOf({remote, ref, subdirectory}: GitSource): string {
    const detail = subdirectory === undefined ? (ref ?? '') : `${ref ?? ''}:${subdirectory}`;
    return `${withoutCredentials(remote)}${detail === '' ? '' : `#${detail}`}`;
  }

  /** Throws BuildError when there is no such repository, commit or directory, or git cannot be used. */
  async fetch(source: GitSource, signal: AbortSignal): Promise<FetchedTree> {
    const remote = gitRemoteOf(source.remote, await this.#options.secrets());
    checkWords(source);
    const found = await this.#commitOf(source, remote, signal);
    const {commit} = found;
    const {subdirectory, keepGitDirectory, skipSubmodules, mtime} = source;
    const kept = keepGitDirectory ? {remote: remote.address, ref: found.name ?? ''} : {};
    const times = mtime === 'checkout' ? {mtime} : {};
    const key = canonicalJson({
      commit,
      subdirectory: subdirectory ?? '',
      submodules: skipSubmodules !== true,
      ...kept,
      ...times,
    });
    const snapshot = await this.#trees.run(key, () => this.#treeOf(key, source, remote, found, signal));
    return {snapshot, commit, key: `git ${digestOf(key)}`};
  }

  #commitOf(source: GitSource, remote: GitRemote, signal: AbortSignal): Promise<Named> | Named {
    const {ref = 'HEAD', checksum = ''} = source;
    if (source.fetchByCommit === true && !isCommit(ref)) return namedByUser(remote, source.ref, checksum);
    const key = canonicalJson([remote.address, ref, checksum]);
    const known = this.#commits.get(key) ?? this.#lookUp(remote, ref, checksum, signal);
    this.#commits.set(key, known);
    return known;
  }

  async #lookUp(remote: GitRemote, ref: string, checksum: string, signal: AbortSignal): Promise<Named> {
    if (isCommit(ref)) {
      if (ref.startsWith(checksum)) return {name: undefined, commit: ref};
      throw checksumMismatch(remote, checksum, ref);
    }
    const answer = await this.#git(
      remote,
      ['ls-remote', '--symref', 'origin', ...patternsFor(ref)],
      undefined,
      signal,
    );
    const found = refIn(answer, ref);
    if (found === undefined) {
      throw buildError('user', 'git-no-ref', `${remote.address}: repository does not contain ref ${ref}`, {
        hints: ['a branch, a tag, or the full 40 digits of a commit can be named'],
      });
    }
    if (found.commit.startsWith(checksum) || found.tag?.startsWith(checksum) === true) return found;
    throw checksumMismatch(remote, checksum, found.commit);
  }

  async #treeOf(
    key: string,
    source: GitSource,
    remote: GitRemote,
    {name, commit}: Named,
    signal: AbortSignal,
  ): Promise<SnapshotId> {
    const {snapshotter, notes} = this.#options;
    const known = notes.getText('git', key);
    if (known !== undefined && (await snapshotter.isWhole(known))) return known;
    const active = await snapshotter.prepare(undefined, signal);
    const repository = join(active.directory, 'repository');
    try {
      const seconds = await checkOut({
        source,
        remote,
        commit,
        ref: name,
        repository,
        tree: active.upper,
        git: (args) => this.#git(remote, args, repository, signal),
      });
      const snapshot = await snapshotter.commit(active, {epochSeconds: seconds});
      notes.set('git', key, snapshot);
      return snapshot;
    } catch (error) {
      snapshotter.discard(active);
      throw error;
    }
  }

  async #git(
    remote: GitRemote,
    args: readonly string[],
    directory: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const {environment, sshAgent, run = runGit} = this.#options;
    const {address, header} = remote;
    const where = directory === undefined ? {} : {directory};
    try {
      return await run({args, ...where, origin: address, header, environment, sshAgent, signal});
    } catch (error) {
      // Others than this know better what was being done.
      throw args[0] === 'ls-remote' ? gitFailureOf(error, `looking up ${address}`) : error;
    }
  }
}

/** `fetch-by-commit`: a name without `refs/` is a branch's, as if the remote had been asked. */
function namedByUser(remote: GitRemote, ref: string | undefined, checksum: string): Named {
  if (!isCommit(checksum)) {
    const wanted =
      checksum === '' ? 'a checksum or a commit as ref' : `all of a commit, not only ${checksum}`;
    throw buildError('user', 'git-checksum', `${remote.address}: fetch-by-commit requires ${wanted}`);
  }
  const name = ref === undefined || ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
  return {name, commit: checksum};
}

/** What starts with a dash is an option to git. */
function checkWords({ref = '', remote, checksum = ''}: GitSource): void {
  if (!/^[0-9a-fA-F]*$/.test(checksum)) {
    const message = `invalid checksum ${checksum} for Git URL, expected hex commit hash`;
    throw buildError('user', 'git-checksum', message);
  }
  for (const word of [ref, remote]) {
    if (!word.startsWith('-') && !/[\x00-\x1f]/.test(word)) continue;
    throw buildError(
      'user',
      'git-address',
      `${JSON.stringify(word)} is no valid name of a repository or ref`,
    );
  }
}

function checksumMismatch(remote: GitRemote, expected: string, found: string): Error {
  const message = `${remote.address}: expected checksum to match ${expected}, got ${found}`;
  return buildError('user', 'git-checksum', message, {
    hints: ['the ref has moved, or the checksum is of another commit'],
  });
}
