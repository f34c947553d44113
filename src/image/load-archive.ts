// Images from an archive of docker, podman, skopeo or ourselves into the local store. Nothing gets a name before all of
// it is verified: every digest and size, and that every layer unpacks to what its config says.

import {createHash} from 'node:crypto';
import {jsonBytes} from '../exporters/assemble.ts';
import {nameAnnotation, referenceAnnotation} from '../exporters/layout.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import {type DiffId, type Digest, digestOf} from '../oci/digest.ts';
import type {Manifest} from '../oci/manifest.ts';
import {dockerDialect, type LayerCompression, layerCompressionOf} from '../oci/media-types.ts';
import {parseConfig} from '../oci/parse-config.ts';
import {parseManifest} from '../oci/parse-manifest.ts';
import {bestOffer, formatPlatform, type Platform, platformRank} from '../oci/platform.ts';
import {isReferenceProblem, looksLikeId, normalisedName, parseReference} from '../oci/reference.ts';
import {compressionOf, decompress} from '../sources/registry/decompress.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import {tarBytes} from './archive-bytes.ts';
import {type ArchiveContents, refused, takeArchive} from './archive-contents.ts';

export interface LoadedImage {
  readonly root: Descriptor;
  /** Of the config, or of an index its own. */
  readonly id: Digest;
  /** Normalised. */
  readonly names: readonly string[];
}

export interface LoadOptions {
  readonly blobs: LocalBlobStore;
  /** Only this one of an index. */
  readonly platform: Platform | undefined;
  readonly signal: AbortSignal;
}

/** Throws BuildError('user') for an archive that is not what it says. */
export async function loadArchive(
  bytes: AsyncIterable<Uint8Array>,
  options: LoadOptions,
): Promise<readonly LoadedImage[]> {
  const contents = await takeArchive(tarBytes(bytes, options.signal), options.blobs, options.signal);
  const loader = new Loader(contents, options);
  const images = await loader.images();
  if (images.length === 0) throw refused('it has no image');
  return images;
}

interface DockerImage {
  readonly Config: string;
  readonly Layers: readonly string[];
  readonly RepoTags: readonly string[];
}

class Loader {
  readonly #contents: ArchiveContents;
  readonly #options: LoadOptions;
  /** Layers that were unpacked already, with what they are. */
  readonly #checked = new Set<string>();

  constructor(contents: ArchiveContents, options: LoadOptions) {
    this.#contents = contents;
    this.#options = options;
  }

  async images(): Promise<readonly LoadedImage[]> {
    const docker = dockerImages(this.#contents.document('manifest.json'));
    const index = this.#contents.document('index.json');
    if (index !== undefined) return this.#fromIndex(index, docker);
    if (docker === undefined) {
      throw refused('it has neither index.json nor manifest.json, so it is no archive of images');
    }
    const images: LoadedImage[] = [];
    for (const image of docker) images.push(await this.#fromDocker(image));
    return images;
  }

  async #fromIndex(document: unknown, docker: readonly DockerImage[] = []): Promise<readonly LoadedImage[]> {
    const parsed = parseManifest(Buffer.from(JSON.stringify(document)));
    if (parsed.kind !== 'index') throw refused('index.json is no image index');
    const byDigest = new Map<Digest, {root: Descriptor; id: Digest; names: Set<string>}>();
    for (const entry of this.#wanted(parsed.index.manifests)) {
      const {annotations, ...root} = entry;
      const known = byDigest.get(root.digest);
      const image = known ?? {...(await this.#image(root)), names: new Set<string>()};
      byDigest.set(root.digest, image);
      for (const name of namesIn(annotations)) image.names.add(name);
    }
    for (const image of byDigest.values()) {
      if (image.names.size > 0) continue;
      const hex = image.id.slice('sha256:'.length);
      const told = docker.find(({Config}) => Config.includes(hex));
      for (const name of told?.RepoTags ?? []) image.names.add(nameOf(name));
    }
    return [...byDigest.values()].map(({names, ...image}) => ({...image, names: [...names]}));
  }

  /** Of images that stand side by side those for the platform that is asked for, and those that do not say. */
  #wanted(entries: readonly Descriptor[]): readonly Descriptor[] {
    const {platform: wanted} = this.#options;
    if (wanted === undefined) return entries;
    const fitting = entries.filter(
      ({platform}) => platform === undefined || platformRank(wanted, platform) !== undefined,
    );
    if (fitting.length > 0) return fitting;
    const offered = entries.map(({platform}) => platform && formatPlatform(platform)).join(', ');
    throw refused(`it has no image for ${formatPlatform(wanted)}, only for ${offered}`);
  }

  async #fromDocker({Config, Layers, RepoTags}: DockerImage): Promise<LoadedImage> {
    const {blobs} = this.#options;
    const config = this.#contents.member(Config);
    if (config === undefined) throw refused(`it has no ${Config}, which manifest.json names`);
    const layers: Descriptor[] = [];
    for (const path of Layers) {
      const layer = this.#contents.member(path);
      if (layer === undefined) throw refused(`it has no ${path}, which manifest.json names`);
      const compression = await compressionOf(blobs.stream(layer.digest));
      layers.push({mediaType: dockerDialect.layers[compression], ...layer});
    }
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: dockerDialect.manifest,
      config: {mediaType: dockerDialect.config, ...config},
      layers,
    };
    const bytes = jsonBytes(manifest);
    await blobs.put(bytes);
    const root = {mediaType: dockerDialect.manifest, digest: digestOf(bytes), size: bytes.length};
    return {...(await this.#image(root)), names: RepoTags.map(nameOf)};
  }

  /** The image or index, verified as far as the archive has it. */
  async #image(root: Descriptor): Promise<{root: Descriptor; id: Digest}> {
    const parsed = parseManifest(await this.#document(root), root.mediaType);
    if (parsed.kind === 'manifest') {
      await this.#verify(parsed.manifest, root.platform === undefined);
      return {root, id: parsed.manifest.config.digest};
    }
    if (parsed.kind !== 'index') {
      throw refused(
        `manifest ${root.digest} is not supported${parsed.kind === 'invalid' ? `: ${parsed.problem}` : ''}`,
      );
    }
    const {platform} = this.#options;
    const {manifests} = parsed.index;
    if (platform !== undefined) {
      const chosen = bestOffer(platform, manifests);
      if (chosen !== undefined) return this.#image(chosen);
      throw refused(`index ${root.digest} has no image for ${formatPlatform(platform)}`);
    }
    let here = 0;
    for (const manifest of manifests) {
      // docker saves an index whole, also when it has only its own platform's image.
      if (!(await this.#options.blobs.has(manifest.digest))) continue;
      await this.#image(manifest);
      here++;
    }
    if (here === 0) throw refused(`it has no image of index ${root.digest}`);
    return {root, id: root.digest};
  }

  async #document({digest, size}: Descriptor): Promise<Uint8Array> {
    const info = await this.#options.blobs.stat(digest);
    if (info === undefined) throw refused(`blob ${digest} is missing`);
    if (info.size !== size) throw refused(`blob ${digest} has ${info.size} bytes, ${size} were announced`);
    return this.#options.blobs.read(digest);
  }

  /** What an index says it is for it was chosen by: old configs leave out the variant. */
  async #verify({config, layers}: Manifest, mayBeOther: boolean): Promise<void> {
    const {blobs} = this.#options;
    const bytes = await this.#document(config);
    for (const {digest, size} of layers) {
      const info = await blobs.stat(digest);
      if (info === undefined) throw refused(`layer ${digest} is missing`);
      if (info.size !== size) throw refused(`layer ${digest} has ${info.size} bytes, ${size} were announced`);
    }
    // Attestations and other artifacts have blobs that are no layers.
    if (layers.some(({mediaType}) => mediaType.includes('in-toto'))) return;
    const parsed = parseConfig(bytes);
    if ('problem' in parsed) throw refused(`config ${config.digest}: ${parsed.problem}`);
    const {platform} = this.#options;
    if (mayBeOther && platform !== undefined && platformRank(platform, parsed) === undefined) {
      const own = formatPlatform(parsed);
      throw refused(`image ${config.digest} is for ${own}, not for ${formatPlatform(platform)}`);
    }
    const diffIds = parsed.rootfs.diff_ids;
    if (diffIds.length !== layers.length) {
      throw refused(`config ${config.digest} names ${diffIds.length} layers, its manifest ${layers.length}`);
    }
    for (const [index, layer] of layers.entries()) await this.#verifyLayer(layer, diffIds[index] as DiffId);
  }

  async #verifyLayer({digest, mediaType}: Descriptor, diffId: DiffId): Promise<void> {
    const known = `${digest} ${diffId}`;
    if (this.#checked.has(known)) return;
    const compression: LayerCompression | undefined = layerCompressionOf(mediaType);
    if (compression === undefined) throw refused(`layer ${digest} has the media type ${mediaType}`);
    const found = await this.#unpackedDigest(digest, compression);
    if (found !== diffId) throw refused(`layer ${digest} unpacks to ${found}, its config says ${diffId}`);
    this.#checked.add(known);
  }

  async #unpackedDigest(digest: Digest, compression: LayerCompression): Promise<string> {
    const {blobs, signal} = this.#options;
    // A plain tar was hashed when it came into the store.
    if (compression === 'none' && (await compressionOf(blobs.stream(digest))) === 'none') return digest;
    const hash = createHash('sha256');
    for await (const piece of decompress(compression, blobs.stream(digest))) {
      signal.throwIfAborted();
      hash.update(piece);
    }
    return `sha256:${hash.digest('hex')}`;
  }
}

/** containerd's annotation is a whole name; OCI's is one only where it looks like one: `1.2` is a tag. */
function namesIn(annotations: Readonly<Record<string, string>> = {}): readonly string[] {
  const whole = annotations[nameAnnotation];
  if (whole !== undefined) return [nameOf(whole)];
  const told = annotations[referenceAnnotation];
  return told !== undefined && /[/:]/.test(told) ? [nameOf(told)] : [];
}

function nameOf(text: string): string {
  const reference = parseReference(text);
  if (isReferenceProblem(reference) || looksLikeId(reference))
    throw refused(`it has an image of the name ${JSON.stringify(text)}`);
  const {digest: _, ...undigested} = reference;
  return normalisedName(undigested);
}

function dockerImages(document: unknown): readonly DockerImage[] | undefined {
  if (document === undefined) return undefined;
  const isText = (value: unknown): value is string => typeof value === 'string';
  const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
  if (!Array.isArray(document)) throw refused('manifest.json is no list');
  return document.map((image: unknown) => {
    const {Config, Layers, RepoTags} = (image ?? {}) as Record<string, unknown>;
    if (!isText(Config) || !isTexts(Layers ?? [])) throw refused('manifest.json is not as docker writes it');
    if (!isTexts(RepoTags ?? [])) throw refused('manifest.json is not as docker writes it');
    return {Config, Layers: (Layers ?? []) as string[], RepoTags: (RepoTags ?? []) as string[]};
  });
}
