// Files that a user names, which may be anything: a file, `<(command)`, a named pipe. A pipe is opened without waiting
// for its other end, and then used as a socket is: what waits in Node's pool of threads cannot be interrupted, and the
// process does not end before it.

import {closeSync, constants, createReadStream, fstatSync, openSync, readFileSync, readSync} from 'node:fs';
import {Socket} from 'node:net';
import type {Readable, Writable} from 'node:stream';
import {setTimeout} from 'node:timers/promises';

export interface GivenFileOptions {
  /** Ends the waiting for a pipe. */
  readonly signal?: AbortSignal | undefined;
  /** Reading ends one byte beyond it. */
  readonly bytesMax?: number;
  /** Called when it is a pipe that nobody writes into, yet. */
  readonly onWait?: (() => void) | undefined;
}

const smallMax = 256 * 1024;
const pieceBytes = 1024 * 1024;
/** Linux has one number for it, everywhere. */
const nullDevice = 0x103;

/** All of it. Rejects as `givenBytes` does. */
export async function readGivenFile(path: string, options: GivenFileOptions = {}): Promise<Buffer> {
  const {bytesMax = Number.POSITIVE_INFINITY} = options;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of givenBytes(path, options)) {
    pieces.push(piece);
    length += piece.length;
    if (length > bytesMax) break;
  }
  const bytes = Buffer.concat(pieces);
  return bytes.length > bytesMax ? bytes.subarray(0, bytesMax + 1) : bytes;
}

/** Its bytes in order. Throws Node's error of opening or reading it, the signal's reason, or an error that says what it is. */
export async function* givenBytes(
  path: string,
  {signal, onWait}: GivenFileOptions = {},
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const fd = opened(path);
  let stream: Readable | undefined;
  try {
    const found = fstatSync(fd);
    if (found.isFIFO()) {
      const first = bytesThere(fd);
      if (first?.length === 0) onWait?.();
      stream = new Socket({fd, readable: true, writable: false, ...(signal && {signal})});
      if (first !== undefined) yield first;
    } else if (found.isFile() && found.size > smallMax) {
      stream = createReadStream('', {fd, highWaterMark: pieceBytes, ...(signal && {signal})});
    } else if (found.isFile() || found.isDirectory() || found.rdev === nullDevice) {
      yield readFileSync(fd);
      return;
    } else {
      throw new Error(neither('a device'));
    }
    yield* stream;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    if (stream === undefined) closeSync(fd);
    else stream.destroy();
  }
}

function opened(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') throw new Error(neither('a socket'));
    throw error;
  }
}

function neither(what: string): string {
  return `is ${what}, and neither a file nor a pipe`;
}

/** What is in a pipe now; empty when nobody writes into it, undefined when somebody may. */
function bytesThere(fd: number): Uint8Array | undefined {
  const bytes = Buffer.allocUnsafe(64 * 1024);
  try {
    return bytes.subarray(0, readSync(fd, bytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

const readerCheckMs = 50;

/** A pipe to write into, once somebody reads it. Rejects with Node's error of opening it, or the signal's reason. */
export async function openGivenPipe(path: string, signal?: AbortSignal): Promise<Writable> {
  for (;;) {
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return new Socket({fd, readable: false, writable: true, ...(signal && {signal})});
    } catch (error) {
      // The kernel tells nobody when a reader comes.
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await setTimeout(readerCheckMs, undefined, signal && {signal}).catch(() => signal?.throwIfAborted());
    }
  }
}
