// One commit of a repository as files: fetched alone, without its history, and left without anything of git's unless
// asked for. The repository is somebody else's: nothing in it is run, and no path of it leads out of the checkout.

import {chmod, lstat, mkdir, rename, rm} from 'node:fs/promises';
import {join, normalize} from 'node:path';
import {buildError} from '../../diagnostics/build-error.ts';
import type {GitSource} from '../../graph/op.ts';
import {GitFailure} from '../../helper/git-process.ts';
import {systemClock} from '../../util/clock.ts';
import {gitFailureOf} from './failures.ts';
import type {GitRemote} from './remote.ts';
import {stampTree} from './stamp-tree.ts';

export interface Checkout {
  readonly source: GitSource;
  readonly remote: GitRemote;
  readonly commit: string;
  /** What to fetch it by: `refs/heads/main`; undefined: a commit that the user named. */
  readonly ref: string | undefined;
  /** A new directory for the repository, made here. */
  readonly repository: string;
  /** An empty directory that becomes the tree; in the same file system. */
  readonly tree: string;
  /** Runs git in `repository`. */
  git(args: readonly string[]): Promise<string>;
}

/** Fills `tree`; gives the time of what is in it, in seconds: of the commit, or of the checkout. */
export async function checkOut(checkout: Checkout): Promise<number> {
  const {source, repository, commit, remote, tree} = checkout;
  const what = `fetching ${remote.address}`;
  const git = (...args: string[]): Promise<string> => checkout.git(args);
  // Whatever the umask: it becomes the root of the tree.
  await mkdir(repository);
  await chmod(repository, 0o755);
  try {
    const format = commit.length === sha256Length ? ['--object-format=sha256'] : [];
    await git('init', '--quiet', ...format);
    await fetchCommit(checkout);
    await git('checkout', '--quiet', '--force', '--detach', commit);
    if (source.skipSubmodules !== true && (await isThere(join(repository, '.gitmodules')))) {
      await shallowly((...depth) => git('submodule', '--quiet', 'update', '--init', '--recursive', ...depth));
    }
  } catch (error) {
    throw gitFailureOf(error, what);
  }
  const seconds = Number(await git('show', '--no-patch', '--format=%ct', commit));
  const subdirectory = normalize(`/${source.subdirectory ?? ''}`).replace(/\/+$/, '');
  if (source.keepGitDirectory && subdirectory === '') await tidyGitDirectory(checkout);
  else await removeGitDirectories(checkout);
  const madeSeconds = Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
  await rename(await directoryIn(repository, subdirectory, remote), tree);
  if (source.mtime === 'checkout') return Math.floor(systemClock.nowMs() / 1000);
  await stampTree(tree, madeSeconds);
  return madeSeconds;
}

const sha256Length = 64;

/** A directory of files behind HTTP, which is no server of git's, has everything or nothing. */
async function shallowly(fetch: (...depth: readonly string[]) => Promise<string>): Promise<string> {
  try {
    return await fetch('--depth=1');
  } catch (error) {
    if (error instanceof GitFailure && /shallow/.test(error.said)) return fetch();
    throw error;
  }
}

/** By name first, which every server allows; the name may have moved on since it was looked up. */
async function fetchCommit({source, commit, ref, remote, git: run}: Checkout): Promise<void> {
  const git = (...args: string[]): Promise<string> => run(args);
  const fetch = (...args: string[]): Promise<string> =>
    git('fetch', '--quiet', '--no-tags', '--no-recurse-submodules', ...args);
  const fetchOne = (name: string): Promise<string> =>
    shallowly((...depth) => fetch(...depth, 'origin', name));
  const isHere = (): Promise<boolean> =>
    git('cat-file', '-e', `${commit}^{commit}`).then(
      () => true,
      (error: unknown) => {
        if (error instanceof GitFailure) return false;
        throw error;
      },
    );
  if (ref !== undefined && source.fetchByCommit !== true) {
    await fetchOne(ref);
    if (await isHere()) return;
  }
  try {
    await fetchOne(commit);
    return;
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
  }
  // A server that gives no single commits: all of its branches, then.
  await fetch('origin', '+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/remotes/tags/*');
  if (await isHere()) return;
  throw buildError('user', 'git-no-commit', `${remote.address} has no commit ${commit}`, {
    hints: ['it must be reachable from a branch or a tag'],
  });
}

/** `.git` as a clone of one commit has it, without what differs from clone to clone for no reason. */
async function tidyGitDirectory({ref, commit, repository, remote, git: run}: Checkout): Promise<void> {
  const git = (...args: string[]): Promise<string> => run(args);
  if (ref?.startsWith('refs/')) {
    // FETCH_HEAD rather than the commit: an annotated tag stays one.
    const [object = commit] = (await git('rev-parse', '--verify', '--quiet', 'FETCH_HEAD')).split('\n');
    await git('update-ref', ref, object);
  }
  await git('remote', 'add', 'origin', remote.address);
  for (const name of ['FETCH_HEAD', 'logs', 'branches', 'description', 'index'])
    await rm(join(repository, '.git', name), {recursive: true, force: true});
  // An index of a checkout knows inodes and times; this one knows the commit.
  await git('read-tree', commit);
}

async function removeGitDirectories({source, repository, git}: Checkout): Promise<void> {
  if (source.skipSubmodules !== true && (await isThere(join(repository, '.gitmodules')))) {
    const script = 'printf "%s\\0" "$toplevel/$sm_path"';
    const paths = await git(['submodule', '--quiet', 'foreach', '--quiet', '--recursive', script]);
    for (const path of paths.split('\0').filter(Boolean))
      await rm(join(path, '.git'), {recursive: true, force: true});
  }
  await rm(join(repository, '.git'), {recursive: true, force: true});
}

/** The directory that becomes the tree. There is no way to it through a symlink, as in BuildKit. */
async function directoryIn(repository: string, subdirectory: string, remote: GitRemote): Promise<string> {
  let path = repository;
  for (const name of subdirectory.split('/').filter(Boolean)) {
    path = join(path, name);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory() === true) continue;
    const shown = subdirectory.slice(1);
    const hint = found?.isSymbolicLink()
      ? `${name} is a symlink, name the directory it leads to`
      : 'the part of a git address after # is REF:DIRECTORY';
    const message = `${remote.address} has no directory ${shown}`;
    throw buildError('user', 'git-no-subdirectory', message, {hints: [hint]});
  }
  return path;
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
