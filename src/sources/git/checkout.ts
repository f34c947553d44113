// One commit of a repository as files: fetched alone, without its history, and left without anything of git's unless
// asked for. The repository is somebody else's: nothing in it is run, and no path of it leads out of the checkout.

import {chmod, lstat, mkdir, realpath, rename, rm} from 'node:fs/promises';
import {join, normalize, sep} from 'node:path';
import {buildError} from '../../diagnostics/build-error.ts';
import type {GitSource} from '../../graph/op.ts';
import {GitFailure} from '../../helper/git-process.ts';
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

/** Fills `tree`; gives the time of the commit in seconds. */
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
      await git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1');
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
  await stampTree(tree, madeSeconds);
  return madeSeconds;
}

const sha256Length = 64;

/** By name first, which every server allows; the name may have moved on since it was looked up. */
async function fetchCommit({commit, ref, remote, git: run}: Checkout): Promise<void> {
  const git = (...args: string[]): Promise<string> => run(args);
  const fetch = (...args: string[]): Promise<string> =>
    git('fetch', '--quiet', '--no-tags', '--no-recurse-submodules', ...args);
  const isHere = (): Promise<boolean> =>
    git('cat-file', '-e', `${commit}^{commit}`).then(
      () => true,
      (error: unknown) => {
        if (error instanceof GitFailure) return false;
        throw error;
      },
    );
  if (ref !== undefined) {
    await fetch('--depth=1', 'origin', ref);
    if (await isHere()) return;
  }
  try {
    await fetch('--depth=1', 'origin', commit);
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

/** The directory that becomes the tree. A symlink to one inside of the repository is as good. */
async function directoryIn(repository: string, subdirectory: string, remote: GitRemote): Promise<string> {
  if (subdirectory === '') return repository;
  const root = await realpath(repository);
  const found = await realpath(join(root, subdirectory)).catch(() => undefined);
  const inside = found?.startsWith(`${root}${sep}`) ? found : undefined;
  if (inside !== undefined && (await lstat(inside)).isDirectory()) return inside;
  throw buildError(
    'user',
    'git-no-subdirectory',
    `${remote.address} has no directory ${subdirectory.slice(1)}`,
    {
      hints: ['the part of a git address after # is REF:DIRECTORY'],
    },
  );
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
