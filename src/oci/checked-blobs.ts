// Blobs of a layout as a validator reads them: what a descriptor says is compared with what is there, and every
// difference becomes a text.

import {createHash} from 'node:crypto';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {errorText} from '../util/error-text.ts';
import type {Descriptor} from './descriptor.ts';
import {hexOf} from './digest.ts';

export interface LayoutFiles {
  /**
   * The file at `path` below the layout's root in pieces; undefined when there is none. Of a blob with what refers to
   * it, for places that keep manifests and other blobs apart.
   */
  open(path: string, blob?: Descriptor): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Names of all files directly below a directory of the layout; without it, nobody asks for what nothing leads to. */
  list?(directory: string): Promise<readonly string[]>;
  /** The tar in a zstd stream; without it, layers in zstd are not unpacked. */
  unzstd?(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

export async function readBlob(
  files: LayoutFiles,
  descriptor: Descriptor,
  where: string,
  problems: string[],
): Promise<Uint8Array | undefined> {
  const stream = await openBlob(files, descriptor, where, problems);
  if (stream === undefined) return undefined;
  const bytes = await collected(stream).catch((error: unknown) => {
    problems.push(`${where}: cannot be read to its end: ${errorText(error)}`);
  });
  if (bytes === undefined) return undefined;
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  compareBlob(descriptor, {digest, size: bytes.length}, where, problems);
  return bytes;
}

export async function openBlob(
  files: LayoutFiles,
  descriptor: Descriptor,
  where: string,
  problems: string[],
): Promise<AsyncIterable<Uint8Array> | undefined> {
  try {
    const stream = await files.open(`blobs/sha256/${hexOf(descriptor.digest)}`, descriptor);
    if (stream === undefined) problems.push(`${where}: blob ${descriptor.digest} is missing`);
    return stream;
  } catch (error) {
    // One that cannot be had does not hide what is wrong with the others.
    problems.push(`${where}: blob ${descriptor.digest} cannot be read: ${errorText(error)}`);
    return undefined;
  }
}

export interface Hashed {
  readonly digest: string;
  readonly size: number;
}

export function compareBlob(descriptor: Descriptor, found: Hashed, where: string, problems: string[]): void {
  if (found.digest !== descriptor.digest) {
    problems.push(`${where}: content is ${found.digest}, not ${descriptor.digest}`);
  }
  if (found.size !== descriptor.size) {
    problems.push(`${where}: has ${found.size} bytes, not ${descriptor.size}`);
  }
}

export async function hashed(stream: AsyncIterable<Uint8Array>): Promise<Hashed> {
  const tap = new Tap(stream);
  for await (const _ of tap);
  return tap.hashed();
}

/** A stream that is hashed on its way to whoever reads it. */
export class Tap implements AsyncIterable<Uint8Array> {
  readonly #stream: AsyncIterable<Uint8Array>;
  readonly #hash = createHash('sha256');
  #size = 0;
  #error: unknown;
  #isAtEnd = false;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#stream = stream;
  }

  /** Whether everything went through; it does not when the reader has enough. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** What the stream itself broke off with. */
  get error(): unknown {
    return this.#error;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#stream) {
        this.#hash.update(chunk);
        this.#size += chunk.length;
        yield chunk;
      }
      this.#isAtEnd = true;
    } catch (error) {
      this.#error = error;
      throw error;
    }
  }

  hashed(): Hashed {
    return {digest: `sha256:${this.#hash.copy().digest('hex')}`, size: this.#size};
  }
}

export async function* gunzipped(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip({chunkSize: 256 * 1024});
  // Errors reach the reader through `gunzip` as well; here they would only be reported twice.
  const feeding = pipeline(Readable.from(stream), gunzip).catch(() => {});
  yield* gunzip as AsyncIterable<Uint8Array>;
  await feeding;
}

export async function readWhole(files: LayoutFiles, path: string): Promise<Uint8Array | undefined> {
  const stream = await files.open(path);
  return stream === undefined ? undefined : collected(stream);
}

async function collected(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function jsonOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
