// Writing OCI and docker archives, and the only door to tar-stream. Members are in byte order of their names, owned
// by 0:0, with one time for all, so the same image gives the same bytes. Not for layers: tar-stream clamps ids and
// mangles binary xattrs; layers come from the helper.

import {type Header, pack as startPack} from 'tar-stream';
import {filePieces} from '../store/file-pieces.ts';
import {blockBytes, paddingOf} from '../tar/header.ts';
import {assert} from '../util/assert.ts';
import {byteOrder} from '../util/byte-order.ts';
import type {WriteBytes} from './output-file.ts';

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
  const sorted = members.toSorted((a, b) => byteOrder(a.name, b.name));
  const mtime = new Date(Math.min(Math.max(0, epochSeconds), epochSecondsMax) * 1000);
  const put: WriteBytes = async (bytes) => {
    signal.throwIfAborted();
    await write(bytes);
  };
  for (const member of sorted) {
    assert(!member.name.startsWith('/'), `archive member ${member.name} is relative`);
    const {name} = member;
    switch (member.type) {
      case 'directory':
        await put(await headerOf({name: `${name}/`, type: 'directory', mode: 0o755, mtime}));
        break;
      case 'bytes': {
        const {bytes} = member;
        await put(await headerOf({name, type: 'file', mode: 0o644, mtime, size: bytes.length}));
        if (bytes.length > 0) await put(bytes);
        await putPadding(bytes.length, put);
        break;
      }
      case 'file':
        await put(await headerOf({name, type: 'file', mode: 0o644, mtime, size: member.size}));
        await putFile(member, put);
        await putPadding(member.size, put);
        break;
    }
  }
  await put(new Uint8Array(2 * blockBytes));
  signal.throwIfAborted();
}

async function putFile({path, size}: Extract<ArchiveMember, {type: 'file'}>, put: WriteBytes): Promise<void> {
  let copied = 0;
  for await (const piece of filePieces(path)) {
    copied += piece.length;
    assert(copied <= size, `${path} is longer than ${size} bytes`);
    await put(piece);
  }
  assert(copied === size, `${path} has ${copied} bytes, not ${size}`);
}

async function putPadding(size: number, put: WriteBytes): Promise<void> {
  const padding = paddingOf(size);
  if (padding > 0) await put(new Uint8Array(padding));
}

/** The header alone: contents go from file to file in two buffers, where a stream would need one for each piece. */
async function headerOf(entry: Partial<Header> & {readonly name: string}): Promise<Uint8Array> {
  const pack = startPack();
  pack.on('error', () => {});
  pack.entry(entry).on('error', () => {});
  for await (const block of pack as AsyncIterable<Uint8Array>) {
    assert(block.length === blockBytes, `archive member ${entry.name} has a header of one block`);
    return block;
  }
  throw new Error(`no header for ${entry.name}`);
}
