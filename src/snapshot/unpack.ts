// A layer blob becomes a layer directory: bytes come from the store or from a registry, go to the store (when
// fetched) and, decompressed, through a private unix socket to the helper, all at once; both digests are verified
// before anything is taken for whole.

import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type Server, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import type {Helper} from '../helper/helper.ts';
import type {DiffId} from '../oci/digest.ts';
import {decodePathText} from '../util/path-text.ts';

export interface UnpackedLayer {
  /** Directories that had no header: they must take their metadata from the layers below. */
  readonly implied: readonly string[];
  /** Hard links whose file is in a layer below. */
  readonly links: readonly {readonly path: string; readonly target: string}[];
}

/** Unpacks the uncompressed tar `bytes` into the new directory `dir`; throws when its digest is not `diffId`. */
export async function unpackLayer(
  helper: Helper,
  bytes: AsyncIterable<Uint8Array>,
  diffId: DiffId | undefined,
  dir: string,
  signal: AbortSignal,
): Promise<UnpackedLayer & {readonly diffId: DiffId}> {
  // The state directory's own path may be longer than the 108 bytes of a socket address (unix(7)).
  const room = await mkdtemp(join(tmpdir(), 'tsbuild-'));
  try {
    const path = join(room, 's');
    const server = createServer();
    server.listen(path);
    await once(server, 'listening');
    // Ends the writer if the helper fails first, and the helper if the writer does.
    const abort = new AbortController();
    const either = AbortSignal.any([signal, abort.signal]);
    const listed: Uint8Array[] = [];
    const writer = writeTo(server, bytes, either);
    const reader = helper.request('unpack', [`in=unix:${path}`, `dir=${dir}`], {
      signal: either,
      onData: (data) => listed.push(Buffer.from(data)),
    });
    const [written, read] = await Promise.allSettled([
      abortOnFailure(writer, abort),
      abortOnFailure(reader, abort),
    ]);
    server.close();
    signal.throwIfAborted();
    if (written.status === 'rejected' || read.status === 'rejected') throw abort.signal.reason;
    if (diffId !== undefined && written.value !== diffId) {
      throw buildError(
        'environment',
        'store-digest-mismatch',
        `layer content is ${written.value}, its config says ${diffId}`,
        {hints: ['the image in the registry is broken, or somebody changed it on the way']},
      );
    }
    return {...namesOf(Buffer.concat(listed), Number(read.value.get('implied') ?? 0)), diffId: written.value};
  } finally {
    await rm(room, {recursive: true, force: true});
  }
}

/** What `unpack` lists: the implied directories, then path and target of each link into a layer below. */
function namesOf(listed: Buffer, impliedCount: number): UnpackedLayer {
  const names = decodePathText(listed).split('\0').slice(0, -1);
  const links: {path: string; target: string}[] = [];
  for (let at = impliedCount; at + 1 < names.length; at += 2) {
    links.push({path: names[at] ?? '', target: names[at + 1] ?? ''});
  }
  return {implied: names.slice(0, impliedCount), links};
}

async function abortOnFailure<T>(promise: Promise<T>, abort: AbortController): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    abort.abort(error);
    throw error;
  }
}

/** Writes to the first connection; resolves to the DiffId when all is read. */
async function writeTo(
  server: Server,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<DiffId> {
  const [socket] = (await once(server, 'connection', {signal})) as [Socket];
  const hash = createHash('sha256');
  // A reader that has gone says itself why it failed, or had all it needed (an archive may have a tail).
  let readerGone = false;
  const gone = new Promise<void>((resolve) => {
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      readerGone = true;
      resolve();
    });
  });
  try {
    for await (const chunk of bytes) {
      hash.update(chunk);
      signal.throwIfAborted();
      if (!readerGone && !socket.write(chunk)) await Promise.race([once(socket, 'drain', {signal}), gone]);
    }
    socket.end();
    return `sha256:${hash.digest('hex')}` as DiffId;
  } finally {
    if (signal.aborted) socket.destroy();
  }
}
