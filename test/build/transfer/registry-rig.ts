// A real registry behind a proxy that cuts, counts and watches, and a store to push from and to pull into.

import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type Pulled, pullImage} from '../../../src/build/transfer/pull.ts';
import {pushStored} from '../../../src/build/transfer/push-stored.ts';
import {type Transfer, withTransfer} from '../../../src/build/transfer/transfer.ts';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {isReferenceProblem, parseReference, type Reference} from '../../../src/oci/reference.ts';
import {LocalBlobStore} from '../../../src/store/blob-store.ts';
import {openImageStore} from '../../../src/store/image-store.ts';
import {type FaultProxy, startFaultProxy} from '../../support/fault-proxy.ts';
import {type RegistryOptions, startRegistry, type TestRegistry} from '../../support/registry.ts';
import {type TestImage, testImage} from '../../support/test-image.ts';

const amd64 = {os: 'linux', architecture: 'amd64'};
export const mebibyte = 1024 * 1024;
/** What requests and headers may come to. */
export const talkBytes = mebibyte / 4;

/** An image with layers of these sizes, in bytes that nothing compresses. */
export function imageOf(...mebibytes: readonly number[]): Promise<TestImage> {
  return testImage({
    layers: mebibytes.map((size, index) => ({
      entries: [{path: `data${index}`, content: randomBytes(size * mebibyte)}],
    })),
  });
}

export class RegistryRig {
  readonly registry: TestRegistry;
  readonly proxy: FaultProxy;
  /** Replaced with each `renew`. */
  root = '';

  private constructor(registry: TestRegistry, proxy: FaultProxy) {
    this.registry = registry;
    this.proxy = proxy;
  }

  /** Undefined where there is no registry to be had. */
  static async start(options: RegistryOptions = {}): Promise<RegistryRig | undefined> {
    const registry = await startRegistry(options);
    if (registry === undefined) return undefined;
    return new RegistryRig(registry, await startFaultProxy(() => registry.address));
  }

  /** An empty state directory. */
  renew(): void {
    this.forget();
    this.root = mkdtempSync(join(tmpdir(), 'tsbuild-transfer-'));
  }

  forget(): void {
    if (this.root !== '') rmSync(this.root, {recursive: true, force: true});
  }

  async close(): Promise<void> {
    this.forget();
    await this.proxy.close();
    await this.registry.close();
  }

  name(text: string, address = this.proxy.address): Reference {
    const reference = parseReference(`${address}/${text}`);
    if (isReferenceProblem(reference)) throw new Error(reference.problem);
    return reference;
  }

  async store(image: TestImage, text: string, address = this.proxy.address): Promise<void> {
    const blobs = new LocalBlobStore(this.root);
    for (const bytes of [...image.blobs.values(), image.manifest]) await blobs.put(bytes);
    using images = openImageStore(this.root);
    images.tag(`${address}/${text}`, image.descriptor, 1);
  }

  transfer<T>(work: (transfer: Transfer) => Promise<T>, state = this.root): Promise<T> {
    return withTransfer(
      {root: state, configFile: undefined, environment: {}, emit: () => {}},
      new AbortController().signal,
      work,
    );
  }

  push(text: string, address = this.proxy.address): Promise<Descriptor> {
    return this.transfer((open) =>
      pushStored(this.name(text, address), {signingKey: undefined, only: undefined}, open),
    );
  }

  pull(text: string, state = join(this.root, 'other'), address = this.proxy.address): Promise<Pulled> {
    return this.transfer((open) => pullImage(this.name(text, address), amd64, open), state);
  }

  /** How many bytes go through the proxy in that direction while `work` is done. */
  async bytes(direction: 'sent' | 'received', work: () => Promise<unknown>): Promise<number> {
    const before = this.proxy[direction];
    await work();
    return this.proxy[direction] - before;
  }
}
