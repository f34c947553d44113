// A shared cache in memory, that counts what is sent to it and can be told to lie.

import type {CacheBackend} from '../../src/cache/backends/backend.ts';
import type {Descriptor} from '../../src/oci/descriptor.ts';

export class MemoryBackend implements CacheBackend {
  readonly name = 'memory';
  readonly place = {type: 'memory', options: {}};
  readonly documents = new Map<string, Uint8Array>();
  readonly blobs = new Map<string, Uint8Array>();
  sentBytes = 0;
  /** What becomes of bytes on their way out. */
  spoil: (bytes: Uint8Array) => AsyncIterable<Uint8Array> = (bytes) => inOne(bytes);

  async read(name: string): Promise<Uint8Array | undefined> {
    return this.documents.get(name);
  }

  async write(name: string, bytes: Uint8Array, blobs: readonly Descriptor[]): Promise<void> {
    for (const {digest} of blobs) if (!this.blobs.has(digest)) throw new Error(`no blob ${digest}`);
    this.sentBytes += bytes.length;
    this.documents.set(name, bytes);
  }

  async hasBlob({digest}: Descriptor): Promise<boolean> {
    return this.blobs.has(digest);
  }

  readBlob({digest}: Descriptor): AsyncIterable<Uint8Array> {
    const bytes = this.blobs.get(digest);
    if (bytes === undefined) throw new Error(`no blob ${digest}`);
    return this.spoil(bytes);
  }

  async writeBlob({digest}: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of open()) pieces.push(piece);
    this.blobs.set(digest, Buffer.concat(pieces));
    this.sentBytes += this.blobs.get(digest)?.length ?? 0;
  }
}

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
