// The members of an image archive, taken into the blob store as they come, in one pass: what is named by a digest must
// have it. Names are keys only; nothing is written where an archive says.

import {posix} from 'node:path';
import {BuildError, buildError} from '../diagnostics/build-error.ts';
import {type Digest, parseDigest} from '../oci/digest.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import {readTar, type TarMember} from '../tar/read-tar.ts';

export interface StoredMember {
  readonly digest: Digest;
  readonly size: number;
}

export interface ArchiveContents {
  /** index.json or manifest.json, parsed; undefined when there is none. */
  document(name: 'index.json' | 'manifest.json'): unknown;
  /** By its name in the archive, links followed. */
  member(name: string): StoredMember | undefined;
}

const documents: ReadonlySet<string> = new Set(['index.json', 'manifest.json']);
const documentMax = 16 * 1024 * 1024;
const membersMax = 100_000;
const linksMax = 8;
/** No tool makes images with holes in their archives; a small archive must not fill the disk with zeros. */
const holesMax = 1024 * 1024 * 1024;

/** Throws BuildError when the bytes are no tar, or a blob is not what its name says. */
export async function takeArchive(
  bytes: AsyncIterable<Uint8Array>,
  blobs: LocalBlobStore,
  signal: AbortSignal,
): Promise<ArchiveContents> {
  const stored = new Map<string, StoredMember>();
  const links = new Map<string, string>();
  const texts = new Map<string, Buffer>();
  let [count, holes] = [0, 0];
  for await (const member of readTar(bytes)) {
    signal.throwIfAborted();
    const {path, kind, linkTarget, size} = member.entry;
    if (++count > membersMax) throw refused(`it has more than ${membersMax} members`);
    holes += size - member.storedBytes;
    if (holes > holesMax) throw refused(`${path} is little more than holes`);
    if (kind === 'link') links.set(path, posix.normalize(linkTarget));
    else if (kind === 'symlink') links.set(path, posix.join(posix.dirname(path), linkTarget));
    else if (kind !== 'file') continue;
    else if (documents.has(path)) {
      if (size > documentMax) throw refused(`${path} is too large`);
      texts.set(path, await whole(member));
    } else stored.set(path, await takeMember(member, blobs));
  }
  return {
    document: (name) => {
      const text = texts.get(name);
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text.toString('utf8')) as unknown;
      } catch (cause) {
        throw refused(`${name} is no JSON`, cause);
      }
    },
    member: (name) => {
      let path = posix.normalize(name);
      for (let hops = 0; hops < linksMax; hops++) {
        const found = stored.get(path);
        const target = links.get(path);
        if (found !== undefined || target === undefined) return found;
        path = target;
      }
      return undefined;
    },
  };
}

async function takeMember({entry, content}: TarMember, blobs: LocalBlobStore): Promise<StoredMember> {
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(entry.path)?.[1];
  const digest = hex === undefined ? undefined : parseDigest(`sha256:${hex}`);
  const sink = await blobs.open(digest === undefined ? {} : {digest, size: entry.size});
  try {
    for await (const piece of content()) await sink.write(piece);
    return await sink.commit();
  } catch (error) {
    const isMismatch = error instanceof BuildError && error.diagnostics[0].code === 'store-blob-mismatch';
    throw isMismatch ? refused(`${entry.path}: ${error.message}`, error) : error;
  } finally {
    await sink.abort();
  }
}

async function whole({content}: TarMember): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

export function refused(reason: string, cause?: unknown): Error {
  return buildError('user', 'archive-refused', `the archive cannot be loaded: ${reason}`, {cause});
}
