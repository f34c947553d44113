// What came of large blobs before their transfer broke off, so that the next process, after kill -9 too, fetches the
// rest only: `partial/<hex of the digest>`, and while it is written to, `partial/<hex>.<process>`. A file is taken by
// renaming it, which only one of several succeeds in, and only when the process that had it is dead. Bytes that lay on
// a disk are believed like those of a stranger: the digest is made of all of them again.

import {createHash} from 'node:crypto';
import {statSync} from 'node:fs';
import {chmod, type FileHandle, mkdir, open, rename, rm, stat, truncate} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {type Digest, hexOf, parseDigest} from '../oci/digest.ts';
import {systemClock} from '../util/clock.ts';
import {type SinkPlace, storedMode} from './blob-sink.ts';
import {handlePieces} from './file-pieces.ts';
import {isEndingHere, mayLive, processName} from './leases.ts';
import type {Held} from './lock.ts';
import {namesIn} from './names-in.ts';

/** Less is fetched again as soon as looked up. */
const keptBytesMin = 64 * 1024;
/** What a full disk gets back, so that whoever makes room has some to begin with. */
const givenBackBytes = 32 * 1024 * 1024;
/** A process that is killed lets go of its lock before it is gone: a moment, but a busy machine takes its time. */
const endingMaxMs = 10_000;
/** Whoever wanted the rest has had time to try again. */
const staleMs = 24 * 60 * 60_000;

const workMode = 0o600;

/** A file in `partial/`. */
export interface PartialBlob {
  readonly name: string;
  readonly digest: Digest;
  /** That it takes of the disk. */
  readonly bytes: number;
  readonly writtenMs: number;
  readonly isStale: boolean;
}

/** All of a state directory, those that are written to as well. */
export function partialBlobs(root: string): readonly PartialBlob[] {
  return namesIn(directoryOf(root)).flatMap((name) => {
    const digest = parseDigest(`sha256:${name.split('.', 1)[0]}`);
    const found = statSync(join(directoryOf(root), name), {throwIfNoEntry: false});
    if (digest === undefined || found === undefined) return [];
    const isStale = systemClock.nowMs() - found.mtimeMs > staleMs;
    return [{name, digest, bytes: found.blocks * 512, writtenMs: found.mtimeMs, isStale}];
  });
}

/** Whether a transfer that begins now would have something to go on from. */
export function hasPartial(root: string, digest: Digest): boolean {
  return namesIn(directoryOf(root)).some((name) => name.startsWith(hexOf(digest)));
}

/**
 * A place for the blob, with what is there of it. `size` is what it will have; a file that is larger is dropped. To be
 * called with the lock of the digest, which is released when the place is used no more; processes that do not see each
 * other's locks have files of their own.
 */
export async function takePartial(
  root: string,
  {digest, size}: {readonly digest: Digest; readonly size: number},
  {publish, held}: {readonly publish: (path: string) => Promise<void>; readonly held: Held},
  signal: AbortSignal,
): Promise<SinkPlace> {
  const directory = directoryOf(root);
  await mkdir(directory, {recursive: true, mode: 0o700});
  const hex = hexOf(digest);
  const path = join(directory, `${hex}.${processName()}`);
  for (let waitedMs = 0; waitedMs < endingMaxMs && isLeft(directory, hex); waitedMs += 10) {
    signal.throwIfAborted();
    await sleep(10);
  }
  signal.throwIfAborted();
  const handle = await openLargest(directory, hex, path);
  try {
    const {size: there} = await handle.stat();
    if (there > size) await handle.truncate(0);
    const hash = createHash('sha256');
    if (there > 0 && there <= size) {
      for await (const piece of handlePieces(handle)) {
        signal.throwIfAborted();
        hash.update(piece);
      }
    }
    return {
      handle,
      begun: {size: there > size ? 0 : there, hash},
      async publish() {
        await chmod(path, storedMode);
        await publish(path);
        held.release();
      },
      async leave(how) {
        await leave(path, join(directory, hex), how).finally(() => held.release());
      },
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function leave(path: string, to: string, how: Parameters<SinkPlace['leave']>[0]): Promise<void> {
  const {size} = await stat(path).catch(() => ({size: 0}));
  const kept = how.isDiskFull ? size - givenBackBytes : size;
  if (how.isWrong || kept < keptBytesMin) return rm(path, {force: true});
  if (kept < size) await truncate(path, kept);
  await rename(path, to);
}

/** Opens, as `path`, the largest file that nobody writes to, or else a new one. */
async function openLargest(directory: string, hex: string, path: string): Promise<FileHandle> {
  const free = namesIn(directory)
    .filter((name) => name.startsWith(hex) && isFree(directory, name))
    .map((name) => join(directory, name))
    .map((file) => ({file, size: statSync(file, {throwIfNoEntry: false})?.size ?? 0}))
    .toSorted((one, other) => other.size - one.size);
  for (const {file} of free) {
    try {
      await rename(file, path);
      // Whoever was killed just before it got its name has made it read-only.
      await chmod(path, workMode);
      return await open(path, 'r+');
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return open(path, 'w+', workMode);
}

/** Some process that had a part of the blob is about to be gone; one that stays is in a network of its own. */
function isLeft(directory: string, hex: string): boolean {
  return namesIn(directory).some((name) => name.startsWith(hex) && isEndingHere(ownerOf(name)));
}

function isFree(directory: string, name: string): boolean {
  const owner = ownerOf(name);
  return owner === '' || owner === processName() || !mayLive(owner, join(directory, name));
}

function ownerOf(name: string): string {
  return name.split('.').slice(1).join('.');
}

function directoryOf(root: string): string {
  return join(root, 'partial');
}
