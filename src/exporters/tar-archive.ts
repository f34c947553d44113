// Writing OCI and docker archives, and the only door to tar-stream. Members are in byte order of their names, owned
// by 0:0, with one time for all, so the same image gives the same bytes. Not for layers: tar-stream clamps ids and
// mangles binary xattrs; layers come from the helper.

import {createReadStream} from 'node:fs';
import {type Pack, pack as startPack} from 'tar-stream';
import {assert} from '../util/assert.ts';
import {byteOrder} from '../util/byte-order.ts';
import {pieceBytes, type WriteBytes} from './output-file.ts';

export type ArchiveMember =
  | {readonly name: string; readonly type: 'directory'}
  | {readonly name: string; readonly type: 'bytes'; readonly bytes: Uint8Array}
  | {readonly name: string; readonly type: 'file'; readonly path: string; readonly size: number};

export interface ArchiveOptions {
  /** Time of every member. */
  readonly epochSeconds: number;
  readonly signal: AbortSignal;
}

/** Largest time that a ustar header holds through tar-stream, which truncates to 32 bits. */
const epochSecondsMax = 2 ** 31 - 1;

/** Writes a whole archive. Throws the signal's reason when aborted; what was written then is worthless. */
export async function writeArchive(
  members: readonly ArchiveMember[],
  write: WriteBytes,
  {epochSeconds, signal}: ArchiveOptions,
): Promise<void> {
  signal.throwIfAborted();
  const sorted = members.toSorted((a, b) => byteOrder(a.name, b.name));
  const mtime = new Date(Math.min(Math.max(0, epochSeconds), epochSecondsMax) * 1000);
  const pack = startPack();
  // The reader and the feeder below see every failure; the event would end the process.
  pack.on('error', () => {});
  const abort = (): void => void pack.destroy(new Error('aborted'));
  signal.addEventListener('abort', abort, {once: true});
  const feeding = feed(pack, sorted, mtime).catch((error: unknown) => {
    pack.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  // Both sides fail when one does; the reader's view is only the echo when the feeder failed first.
  const draining = drain(pack, write);
  const [fed, drained] = await Promise.allSettled([feeding, draining]);
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  if (drained.status === 'rejected' && fed.status === 'rejected')
    throw firstCause(drained.reason, fed.reason);
  if (fed.status === 'rejected') throw fed.reason;
  if (drained.status === 'rejected') throw drained.reason;
}

/**
 * A failed destination destroys the pack, which fails the feeder with a bare "destroyed"; a failed source does the
 * reverse.
 */
function firstCause(drained: unknown, fed: unknown): unknown {
  const isEcho = (error: unknown): boolean =>
    error instanceof Error && /destroyed|closed/i.test(error.message);
  return isEcho(drained) ? fed : drained;
}

async function drain(pack: Pack, write: WriteBytes): Promise<void> {
  for await (const chunk of pack as AsyncIterable<Uint8Array>) await write(chunk);
}

async function feed(pack: Pack, members: readonly ArchiveMember[], mtime: Date): Promise<void> {
  for (const member of members) {
    assert(!member.name.startsWith('/'), `archive member ${member.name} is relative`);
    switch (member.type) {
      case 'directory':
        await added((done) =>
          pack.entry({name: `${member.name}/`, type: 'directory', mode: 0o755, mtime}, done),
        );
        break;
      case 'bytes':
        await added((done) => pack.entry(header(member.name, mtime), Buffer.from(member.bytes), done));
        break;
      case 'file':
        await addFile(pack, member, mtime);
        break;
    }
  }
  pack.finalize();
}

async function addFile(
  pack: Pack,
  member: Extract<ArchiveMember, {type: 'file'}>,
  mtime: Date,
): Promise<void> {
  const {name, path, size} = member;
  await added((done) => {
    const entry = pack.entry({...header(name, mtime), size}, done);
    // `done` is told of every failure; the event would end the process.
    entry.on('error', () => {});
    const copy = async (): Promise<void> => {
      let copied = 0;
      for await (const chunk of createReadStream(path, {highWaterMark: pieceBytes})) {
        copied += chunk.length;
        assert(copied <= size, `${path} is longer than ${size} bytes`);
        if (!entry.write(chunk)) await drainedOrClosed(entry);
        // Destroyed with the archive, which `done` has been told of.
        if (entry.destroyed) return;
      }
      assert(copied === size, `${path} has ${copied} bytes, not ${size}`);
      entry.end(null);
    };
    copy().catch(done);
  });
}

function drainedOrClosed(entry: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resume) => {
    const go = (): void => {
      entry.off('drain', go);
      entry.off('close', go);
      resume();
    };
    entry.on('drain', go);
    entry.on('close', go);
  });
}

function header(name: string, mtime: Date): {name: string; type: 'file'; mode: number; mtime: Date} {
  return {name, type: 'file', mode: 0o644, mtime};
}

function added(add: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    add((error?: Error | null) => (error ? reject(error) : resolve()));
  });
}
