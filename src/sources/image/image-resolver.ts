// FROM and COPY --from=image: a reference becomes a manifest digest and a config. What is known locally is used
// without asking anybody, unless `pull` is set: first images built here under that name, then what the name meant
// when it was last resolved.

import {buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import type {DiffId, Digest} from '../../oci/digest.ts';
import type {ImageConfig} from '../../oci/image-config.ts';
import type {Manifest} from '../../oci/manifest.ts';
import {parseConfig} from '../../oci/parse-config.ts';
import {parseManifest} from '../../oci/parse-manifest.ts';
import {bestOffer, formatPlatform, type Platform} from '../../oci/platform.ts';
import type {ImageChain} from '../../snapshot/chains.ts';
import type {LocalBlobStore} from '../../store/blob-store.ts';
import type {Database} from '../../store/database.ts';
import {Notes} from '../../store/notes.ts';
import {assert} from '../../util/assert.ts';
import type {Clock} from '../../util/clock.ts';
import {SingleFlight} from '../../util/single-flight.ts';
import type {RegistryClient} from '../registry/client.ts';

export interface ImageResolverOptions {
  readonly database: Database;
  readonly blobs: LocalBlobStore;
  readonly registry: () => Promise<RegistryClient>;
  readonly clock: Clock;
  /** Ask the registry even for a name that is known (`--pull`). */
  readonly pull: boolean;
  /** References that stand for images in OCI layout directories. */
  readonly layouts?: ReadonlyMap<string, {readonly directory: string; readonly root: Digest}>;
}

export interface ResolvedReference {
  readonly reference: string;
  /** What the reference leads to: an index, or the manifest itself. */
  readonly rootDigest: Digest;
  readonly manifestDigest: Digest;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly platform: Platform;
  /** Whether its blobs came with a build on this machine: there may be no registry that has them. */
  readonly local: boolean;
}

export class ImageResolver {
  readonly #options: ImageResolverOptions;
  readonly #flights = new SingleFlight<string, ResolvedReference>();
  readonly #known = new Map<string, ResolvedReference>();

  constructor(options: ImageResolverOptions) {
    this.#options = options;
  }

  /** `reference` is normalised (`docker.io/library/busybox:latest`). Throws BuildError when there is no such image. */
  async resolve(reference: string, platform: Platform, signal: AbortSignal): Promise<ResolvedReference> {
    const key = `${reference} ${formatPlatform(platform)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    return this.#flights.run(key, async () => {
      const resolved =
        (await this.#inLayout(reference, platform, signal)) ??
        (await this.#local(reference, platform)) ??
        (await this.#remote(reference, platform, signal));
      this.#known.set(key, resolved);
      return resolved;
    });
  }

  /** Layers of an image that was resolved. */
  chainOf(reference: string, manifestDigest: string): ImageChain {
    const found = [...this.#known.values()].find((one) => one.manifestDigest === manifestDigest);
    assert(found !== undefined, `${reference} was resolved before`);
    const {manifest, config, local} = found;
    return imageChain(reference, {manifest, config}, local ? undefined : reference);
  }

  async #inLayout(
    reference: string,
    platform: Platform,
    signal: AbortSignal,
  ): Promise<ResolvedReference | undefined> {
    const {layouts, blobs} = this.#options;
    const layout = layouts?.get(reference);
    if (layout === undefined) return undefined;
    const {importLayout} = await import('../oci-layout/layout.ts');
    const {directory, root} = layout;
    const digest = await importLayout(directory, root, platform, blobs, reference, signal);
    const found = await this.#load(reference, digest, true, root);
    assert(found !== undefined, 'an image that was imported is here');
    return found;
  }

  async #local(reference: string, platform: Platform): Promise<ResolvedReference | undefined> {
    const {database, pull} = this.#options;
    const image = database.get('SELECT descriptor FROM image WHERE name = ?', reference);
    if (image !== undefined) {
      const {digest} = JSON.parse(String(image['descriptor'])) as Descriptor;
      const listed = await this.#fittingIn(digest, platform);
      if (listed !== undefined) return this.#load(reference, listed, true, digest);
      const found = await this.#load(reference, digest, true);
      if (found !== undefined && sameArchitecture(found.platform, platform)) return found;
    }
    if (pull && !reference.includes('@')) return undefined;
    const row = database.get(
      'SELECT manifest_digest FROM resolved WHERE reference = ? AND platform = ?',
      reference,
      formatPlatform(platform),
    );
    if (row === undefined) return undefined;
    const digest = row['manifest_digest'] as Digest;
    const root = new Notes(database).getText('root', rootKey(reference, platform))?.split(' ');
    return this.#load(reference, digest, false, root?.[0] === digest ? (root[1] as Digest) : digest);
  }

  /** The manifest for `platform`, when `root` is an index that has one. */
  async #fittingIn(root: Digest, platform: Platform): Promise<Digest | undefined> {
    const {blobs} = this.#options;
    if (!(await blobs.has(root))) return undefined;
    const parsed = parseManifest(await blobs.read(root));
    return parsed.kind === 'index' ? bestOffer(platform, parsed.index.manifests)?.digest : undefined;
  }

  async #load(
    reference: string,
    manifestDigest: Digest,
    local: boolean,
    rootDigest = manifestDigest,
  ): Promise<ResolvedReference | undefined> {
    const {blobs} = this.#options;
    if (!(await blobs.has(manifestDigest))) return undefined;
    const found = parseManifest(await blobs.read(manifestDigest));
    if (found.kind !== 'manifest') return undefined;
    const {manifest} = found;
    if (!(await blobs.has(manifest.config.digest))) return undefined;
    const config = checked(parseConfig(await blobs.read(manifest.config.digest)), reference);
    return {reference, rootDigest, manifestDigest, manifest, config, platform: platformOf(config), local};
  }

  async #remote(reference: string, platform: Platform, signal: AbortSignal): Promise<ResolvedReference> {
    const {registry, blobs, database, clock} = this.#options;
    const client = await registry();
    const found = await client.resolve(reference, platform, signal);
    await blobs.put(found.manifestBytes);
    const configBytes = await client.fetchSmall(reference, found.configDescriptor, signal);
    await blobs.put(configBytes);
    const config = checked(parseConfig(configBytes), reference);
    database.run(
      'INSERT OR REPLACE INTO resolved (reference, platform, manifest_digest, resolved_ms) VALUES (?, ?, ?, ?)',
      reference,
      formatPlatform(platform),
      found.manifestDigest,
      Math.round(clock.nowMs()),
    );
    const {manifestDigest, manifest, rootDigest} = found;
    new Notes(database).set('root', rootKey(reference, platform), `${manifestDigest} ${rootDigest}`);
    return {
      reference,
      rootDigest,
      manifestDigest,
      manifest,
      config,
      platform: platformOf(config),
      local: false,
    };
  }
}

function rootKey(reference: string, platform: Platform): string {
  return `${reference} ${formatPlatform(platform)}`;
}

function checked(config: ImageConfig | {readonly problem: string}, reference: string): ImageConfig {
  if (!('problem' in config)) return config;
  throw buildError('environment', 'image-broken', `config of ${reference}: ${config.problem}`);
}

function platformOf(config: ImageConfig): Platform {
  const {os, architecture, variant} = config;
  return variant === undefined ? {os, architecture} : {os, architecture, variant};
}

function sameArchitecture(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture;
}

/** The layers of an image, which are fetched from `source` where it has one. */
export function imageChain(
  name: string,
  {manifest, config}: {readonly manifest: Manifest; readonly config: ImageConfig},
  source: string | undefined,
): ImageChain {
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    const message = `${name}: its config names ${diffIds.length} layers, its manifest ${manifest.layers.length}`;
    throw buildError('environment', 'image-broken', message);
  }
  const createdMs = Date.parse(config.created ?? '');
  return {
    layers: manifest.layers.map((blob, index) => ({diffId: diffIds[index] as DiffId, blob})),
    source,
    createdMs: Number.isFinite(createdMs) ? Math.max(0, createdMs) : 0,
  };
}
