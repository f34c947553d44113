// Layer bytes as they travel become tar bytes. A stream that ends before its format says so is an error, never a
// short tar. The source is read to its end even when the format ends earlier (padding), for whoever reads along
// hashes it all.

import {createGunzip} from 'node:zlib';
import {buildError} from '../../diagnostics/build-error.ts';
import type {LayerCompression} from '../../oci/media-types.ts';
import type {LayoutFiles} from '../../oci/validate.ts';
import {blockBytes, isHeader, isZero} from '../../tar/header.ts';
import {errorText} from '../../util/error-text.ts';

/** Large pieces cost fewer turns of the event loop. */
const pieceBytes = 256 * 1024;
/** What zstd's own decoder allows unless it is told otherwise (`--long=27`). */
const zstdWindowMax = 2 ** 27;
const zstdMagic = 0xfd2fb528;

/**
 * The tar bytes of a layer. `kind` is what its media type says; the bytes themselves have the last word, as for
 * docker, since there are images whose media types are wrong. Throws BuildError('environment') when they are neither,
 * or end too early. What is compressed as `leave` says, whoever reads it decompresses.
 */
export async function* decompress(
  kind: LayerCompression,
  source: AsyncIterable<Uint8Array>,
  leave?: 'gzip',
): AsyncGenerator<Uint8Array> {
  const {head, whole} = await withHead(source);
  const found = sniff(head);
  if (found !== undefined && found === leave) return yield* whole;
  switch (found ?? kind) {
    case 'none':
      return yield* whole;
    case 'gzip':
      return yield* gunzip(whole);
    case 'zstd':
      return yield* unzstd(whole);
  }
}

/** The first bytes (a tar block, where there are so many), and all of them, which are to be read or returned. */
export async function withHead(
  source: AsyncIterable<Uint8Array>,
): Promise<{readonly head: Uint8Array; readonly whole: AsyncIterable<Uint8Array>}> {
  const pieces = source[Symbol.asyncIterator]();
  const {head, ended} = await readHead(pieces);
  return {head, whole: rejoined(head, ended, pieces)};
}

/** What the bytes begin like; of what is unknown `none`. Reads no further than it must. */
export async function compressionOf(source: AsyncIterable<Uint8Array>): Promise<LayerCompression> {
  const pieces = source[Symbol.asyncIterator]();
  try {
    const {head} = await readHead(pieces);
    return sniff(head) ?? 'none';
  } finally {
    await pieces.return?.();
  }
}

/** For validators, which have no zstd of their own. */
export function withZstd(files: LayoutFiles): LayoutFiles {
  return {...files, unzstd: (stream) => decompress('zstd', stream)};
}

/** Enough for every magic number. */
const headBytes = blockBytes;

async function readHead(pieces: AsyncIterator<Uint8Array>): Promise<{head: Uint8Array; ended: boolean}> {
  const read: Uint8Array[] = [];
  for (let size = 0; size < headBytes; ) {
    const next = await pieces.next();
    if (next.done) return {head: Buffer.concat(read), ended: true};
    read.push(next.value);
    size += next.value.length;
  }
  return {head: read.length === 1 && read[0] !== undefined ? read[0] : Buffer.concat(read), ended: false};
}

async function* rejoined(
  head: Uint8Array,
  ended: boolean,
  pieces: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    if (ended) return;
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
  } finally {
    await pieces.return?.();
  }
}

function sniff(head: Uint8Array): LayerCompression | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0x1f8b08) return 'gzip';
  if (bytes.length >= 4 && bytes.readUInt32LE(0) === zstdMagic) return 'zstd';
  if (bytes.length < headBytes) return undefined;
  // An empty archive is nothing but zeros.
  return isHeader(bytes) || isZero(bytes.subarray(0, headBytes)) ? 'none' : undefined;
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({chunkSize: pieceBytes});
  let stopped = false;
  let sourceFailed: {readonly error: unknown} | undefined;
  let wake = (): void => undefined;
  // 'end' comes without 'drain' when bytes follow the last gzip member: zlib takes no more.
  for (const event of ['drain', 'end', 'close']) stream.on(event, () => wake());
  const pump = (async () => {
    let size = 0;
    try {
      for await (const piece of source) {
        size += piece.length;
        if (stopped) break;
        if (stream.readableEnded || stream.write(piece)) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (stream.destroyed || stream.readableEnded) resolve();
        });
      }
      if (size === 0) throw damaged('gzip', 'it is empty');
      stream.end();
    } catch (error) {
      sourceFailed = {error};
      stream.destroy(new Error('the source failed'));
    }
  })();
  try {
    for await (const piece of stream) yield piece as Uint8Array;
    await pump;
    if (sourceFailed !== undefined) throw undefined;
  } catch (error) {
    if (sourceFailed !== undefined) throw (sourceFailed as {error: unknown}).error;
    throw damaged('gzip', errorText(error), error);
  } finally {
    stopped = true;
    stream.destroy();
    await pump;
  }
}

async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const {Decompress} = await import('fzstd');
  let out: Uint8Array[] = [];
  const decoder = new Decompress((piece) => {
    if (piece.length > 0) out.push(piece);
  });
  const push = (piece: Uint8Array, last: boolean): Uint8Array[] => {
    out = [];
    try {
      decoder.push(piece, last);
    } catch (error) {
      throw damaged('zstd', errorText(error), error);
    }
    return out;
  };
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const piece of source) {
    if (head === undefined) {
      yield* push(piece, false);
      continue;
    }
    // Until its window is known the frame's header is kept back: the decoder would allocate whatever it says.
    head = Buffer.concat([head, piece]);
    if (head.length < zstdHeaderMax) continue;
    checkZstdWindow(head);
    yield* push(head, false);
    head = undefined;
  }
  if (head !== undefined) {
    if (head.length === 0) throw damaged('zstd', 'it is empty');
    checkZstdWindow(head);
    yield* push(head, false);
  }
  yield* push(new Uint8Array(), true);
}

/** Magic number, descriptor, window, dictionary id, content size (RFC 8878, 3.1.1). */
const zstdHeaderMax = 18;

function checkZstdWindow(head: Uint8Array): void {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== zstdMagic) return;
  const descriptor = bytes.readUInt8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  if (singleSegment) return;
  const exponent = bytes.readUInt8(5) >> 3;
  const window = 2 ** (10 + exponent) * (1 + (bytes.readUInt8(5) & 7) / 8);
  if (window > zstdWindowMax) {
    throw damaged('zstd', `it needs a window of ${window} bytes, more than ${zstdWindowMax}`);
  }
}

function damaged(kind: string, reason: string, cause?: unknown): Error {
  return buildError('environment', 'registry-damaged-layer', `layer is no valid ${kind} stream: ${reason}`, {
    cause,
  });
}
