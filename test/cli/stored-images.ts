// A state directory with images in it, and commands run on it in memory.

import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {runCli} from '../../src/cli/run.ts';
import type {Descriptor} from '../../src/oci/descriptor.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {openImageStore} from '../../src/store/image-store.ts';
import {type TestImageInput, testImage, testIndex} from '../support/test-image.ts';
import {type MemoryIoOptions, memoryIo} from './memory-io.ts';

export interface CommandRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export class StoredImages implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tsbuild-images-'));
  readonly root = join(this.folder, 'state');

  /** Puts an image into the store; with names, they lead to it. */
  async add(names: readonly string[], input: TestImageInput): Promise<Descriptor> {
    const image = await testImage(input);
    const blobs = new LocalBlobStore(this.root);
    for (const bytes of [...image.blobs.values(), image.manifest]) await blobs.put(bytes);
    this.#tag(names, image.descriptor);
    return image.descriptor;
  }

  async addIndex(names: readonly string[], images: readonly Descriptor[]): Promise<Descriptor> {
    const {bytes, mediaType} = testIndex(images);
    const digest = await new LocalBlobStore(this.root).put(bytes);
    const root = {mediaType, digest, size: bytes.length};
    this.#tag(names, root);
    return root;
  }

  async run(args: readonly string[], io: MemoryIoOptions = {}): Promise<CommandRun> {
    const memory = memoryIo({cwd: this.folder, ...io});
    const code = await runCli(['--root', this.root, ...args], memory, new AbortController().signal);
    return {code, out: memory.out(), err: memory.err()};
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, {recursive: true, force: true});
  }

  #tag(names: readonly string[], root: Descriptor): void {
    using store = openImageStore(this.root);
    for (const name of names) store.tag(name, root, 1_700_000_000_000);
  }
}
