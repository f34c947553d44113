// `tsbuild lock PATH`: writes the lock file of a build, in one piece, and says what has changed in it.

import {readFile} from 'node:fs/promises';
import {buildError} from '../../../diagnostics/build-error.ts';
import {emptyLock, type LockFile, lockText, parseLock, withoutEntries} from '../../../lock/lock-file.ts';
import {refusalText} from '../../../util/error-text.ts';
import {exitCodes} from '../../exit-codes.ts';
import {lockPathOf} from '../../lock-path.ts';
import {writeResultFile} from '../../result-files.ts';
import type {Act} from '../command.ts';
import {withBuild} from '../with-build.ts';

export const writeLock: Act = async (call) => {
  const {flags, io, interrupt} = call;
  const {path, known, lock} = await withBuild(call, async (request, options) => {
    const path = lockPathOf(flags, request, io);
    const known = await knownLock(path);
    const kept = flags.all('update').reduce((lock, name) => updated(lock, name), known);
    const {lockBuild} = await import('../../../build/origin/lock.ts');
    return {path, known, lock: await lockBuild(request, kept, options, interrupt)};
  });
  await writeResultFile('--lock-file', path, lockText(lock), interrupt);
  for (const line of changes(known, lock)) io.stdout.write(`${line}\n`);
  return exitCodes.ok;
};

async function knownLock(path: string): Promise<LockFile> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw buildError('user', 'lock-unreadable', `cannot read ${path}: ${refusalText(cause)}`, {cause});
  });
  if (text === undefined) return emptyLock;
  const lock = parseLock(text);
  if (!('problem' in lock)) return lock;
  throw buildError('user', 'lock-broken', `${path} is no lock file: ${lock.problem}`, {
    hints: ['remove it to write it anew'],
  });
}

function updated(lock: LockFile, name: string): LockFile {
  if (name === 'all') return emptyLock;
  const rest = withoutEntries(lock, name);
  if (lockText(rest) !== lockText(lock)) return rest;
  throw buildError('usage', 'lock-no-entry', `--update ${name}: the lock file has no such entry`);
}

/** A line for each entry that is new, gone, or means something else. */
function changes(before: LockFile, after: LockFile): readonly string[] {
  const [old, now] = [meanings(before), meanings(after)];
  const lines = [...now].flatMap(([name, meaning]) => {
    const was = old.get(name);
    if (was === meaning) return [];
    return was === undefined ? `added ${name} ${meaning}` : `updated ${name} ${was} -> ${meaning}`;
  });
  const gone = [...old.keys()].filter((name) => !now.has(name)).map((name) => `removed ${name}`);
  return [...lines, ...gone];
}

function meanings({images, urls, git}: LockFile): ReadonlyMap<string, string> {
  return new Map([
    ...images.map(({reference, platform, digest}): [string, string] => [`${reference} ${platform}`, digest]),
    ...urls.map(({url, digest}): [string, string] => [url, digest]),
    ...git.map(({remote, ref, commit}): [string, string] => [
      ref === '' ? remote : `${remote}#${ref}`,
      commit,
    ]),
  ]);
}
