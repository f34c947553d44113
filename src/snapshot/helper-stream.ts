// Bytes of a layer on their way to a request of the helper, through a private unix socket. It decodes gzip itself, so
// that a layer goes through the socket as it travels, and gives the digest of the tar.

import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type Server, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import type {Helper, HelperVerb} from '../helper/helper.ts';
import {type DiffId, parseDiffId} from '../oci/digest.ts';
import {assert} from '../util/assert.ts';

export interface StreamRequest {
  readonly verb: HelperVerb;
  readonly args: readonly string[];
  readonly onData?: (data: Uint8Array) => void;
}

/** Does the request with `in=` the tar `bytes`, plain or in gzip; throws when the tar's digest is not `diffId`. */
export async function streamToHelper(
  helper: Helper,
  {verb, args, onData}: StreamRequest,
  {bytes, diffId}: {readonly bytes: AsyncIterable<Uint8Array>; readonly diffId: DiffId | undefined},
  signal: AbortSignal,
): Promise<{readonly fields: ReadonlyMap<string, string>; readonly diffId: DiffId}> {
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
    const writer = writeTo(server, bytes, either);
    const reader = helper.request(verb, [`in=unix:${path}`, ...args], {
      signal: either,
      ...(onData === undefined ? {} : {onData}),
    });
    const [written, read] = await Promise.allSettled([
      abortOnFailure(writer, abort),
      abortOnFailure(reader, abort),
    ]);
    server.close();
    signal.throwIfAborted();
    if (written.status === 'rejected' || read.status === 'rejected') throw abort.signal.reason;
    const found = parseDiffId(read.value.get('diffid') ?? '');
    assert(found !== undefined, 'the helper gives a diffid');
    if (diffId !== undefined && found !== diffId) {
      throw buildError(
        'environment',
        'store-digest-mismatch',
        `layer content is ${found}, its config says ${diffId}`,
        {hints: ['the image in the registry is broken, or somebody changed it on the way']},
      );
    }
    return {fields: read.value, diffId: found};
  } finally {
    await rm(room, {recursive: true, force: true});
  }
}

async function abortOnFailure<T>(promise: Promise<T>, abort: AbortController): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    abort.abort(error);
    throw error;
  }
}

/** Writes to the first connection; resolves when all is read. */
async function writeTo(server: Server, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const [socket] = (await once(server, 'connection', {signal})) as [Socket];
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
      signal.throwIfAborted();
      if (!readerGone && !socket.write(chunk)) await Promise.race([once(socket, 'drain', {signal}), gone]);
    }
    socket.end();
  } finally {
    if (signal.aborted) socket.destroy();
  }
}
