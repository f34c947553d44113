// An exporter puts a built image somewhere. What it may ask of the image is here; asking is what makes work:
// `layers` packs what has no blob yet, `rootView` unpacks what has no directory yet.

import type {Helper, View} from '../helper/helper.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import type {DiffId, Digest} from '../oci/digest.ts';
import type {HistoryEntry, ImageConfig} from '../oci/image-config.ts';
import type {Platform} from '../oci/platform.ts';
import type {Reference} from '../oci/reference.ts';
import type {LayerFormat} from '../snapshot/layer-format.ts';
import type {RegistryClient} from '../sources/registry/client.ts';
import type {AtLeastOne} from '../util/at-least-one.ts';
import type {Json} from '../util/canonical-json.ts';

export interface ImageLayer {
  readonly diffId: DiffId;
  readonly descriptor: Descriptor;
  /** Its blob is not in the store, but in the registry of the image `source` (normalised); undefined: it is here. */
  readonly remote?: {
    readonly source: string;
    /** Brings it into the store. */
    fetch(signal: AbortSignal): Promise<unknown>;
  };
}

/** Something said about an image, still without the statement that names the image by its digest (in-toto). */
export interface Attestation {
  readonly predicateType: string;
  /** JSON-shaped, integers only. */
  readonly predicate: object;
  /** Its name where a result is written as files; undefined: it has no place there. */
  readonly file?: string;
}

/** How layers are wanted; the usual format, and as they are, unless it says something else. */
export interface LayerWish {
  readonly format?: LayerFormat;
  /** The layers above the lowest so many become one. */
  readonly squashAbove?: number;
  /** Layers that are only somewhere else stay there. */
  readonly lazy?: boolean;
}

export interface BuiltImage {
  readonly platform: Platform;
  /** Config without rootfs and history times; see `assemble.ts`. */
  readonly config: ImageConfig;
  readonly history: readonly HistoryEntry[];
  readonly epochSeconds?: number;
  /** How many of the lowest layers are the base image's. */
  readonly baseLayerCount: number;
  /** Bottom first; blobs exist when it resolves, or with `lazy` may be `remote`. */
  layers(signal: AbortSignal, wish?: LayerWish): Promise<readonly ImageLayer[]>;
  /** When each layer was made, in milliseconds, bottom first. */
  readonly layerTimesMs: readonly number[];
  /** What its config is to have beside what is specified; for the layers that the image came to have. */
  configMembers?(layers: readonly ImageLayer[]): Readonly<Record<string, Json>>;
  /** What is to be attested of it; asked for once the layers exist. Undefined: nothing is. */
  attestations?(layers: readonly ImageLayer[], signal: AbortSignal): Promise<readonly Attestation[]>;
  /** The final file system, layers unpacked. */
  rootView(signal: AbortSignal): Promise<View>;
}

/** What a build made. */
export interface BuiltImages {
  /** One for each platform, in the order asked for. */
  readonly images: AtLeastOne<BuiltImage>;
  /** A list was asked for, so the result is an index, also of one image. */
  readonly isList: boolean;
}

/** What is known of a build before it begins. */
export interface ExportSurroundings extends Pick<ExportContext, 'stdout' | 'workingDirectory'> {
  readonly platforms: AtLeastOne<Platform>;
  /** The result will be an index: of several platforms, or of an image and what is attested of it. */
  readonly hasIndex: boolean;
  /** What the user allowed, by BuildKit's and buildx's names. */
  readonly entitlements: ReadonlySet<string>;
  /** Of the command. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Where blobs are; immutable, named by digest. */
export interface BlobReader {
  /** Path of the complete, verified blob; throws BuildError when the store has none. */
  path(digest: Digest): Promise<string>;
}

export interface BlobWriter extends BlobReader {
  /** Stores bytes (small: a config, a manifest) and gives their digest. */
  put(bytes: Uint8Array): Promise<Digest>;
}

/** What is known of archives that were written, by path. */
export interface ArchiveMemory {
  readonly bootId: string;
  get(path: string): string | undefined;
  set(path: string, text: string): void;
}

export interface ExportContext {
  readonly helper: () => Promise<Helper>;
  readonly blobs: BlobWriter;
  /** Records `name` (normalised, with tag) → manifest in the local image store. */
  tagImage(name: string, manifest: Descriptor): Promise<void>;
  readonly archives: ArchiveMemory;
  readonly signal: AbortSignal;
  /** Working directory of the command, for relative `dest`. */
  readonly workingDirectory: string;
  readonly stdout: NodeJS.WritableStream;
  /** One line for the progress of the export step: "writing layer sha256:…". */
  note(text: string): void;
  /** Something that may keep the result from being of use, though it is what was asked for. */
  warn(code: string, text: string, hint: string): void;
  /** How many bytes of a thing, such as a layer, are through. */
  progress(item: string, current: number, total: number): void;
  registry(): Promise<RegistryClient>;
  /**
   * Signs what was pushed into a repository, before a tag leads to it: the root, which is the last of these manifests,
   * and what the others say of it. Undefined: nobody asked for that.
   */
  sign?(
    repository: Reference,
    pushed: readonly Digest[],
    options: {readonly insecure: boolean},
  ): Promise<void>;
}

/** What the command reports afterwards (`--iidfile`, `--metadata-file`, `-q`). */
export interface ExportResult {
  /** Of the manifest, or of the index of a list. */
  readonly imageDigest?: Digest;
  /** An index has none. */
  readonly configDigest?: Digest;
  readonly descriptor?: Descriptor;
}

export interface Exporter {
  /** Shown as the step's name: `exporting to oci image format`. */
  readonly name: string;
  /** It will ask for layers in the usual format, which may be packed as soon as they are made. */
  readonly wantsUsualLayers?: boolean;
  /** Before the build: throws when it is clear already that the result will have nowhere to go. */
  prepare?(surroundings: ExportSurroundings): Promise<void>;
  export(built: BuiltImages, context: ExportContext): Promise<ExportResult>;
}

export interface ExporterFactory {
  /** The `type=` value. */
  readonly type: string;
  /** Options with one line each, for `--help` and for "did you mean". */
  readonly options: Readonly<Record<string, string>>;
  /** Throws BuildError('usage') on a bad value. `tags` are normalised names from -t. */
  create(options: ReadonlyMap<string, string>, tags: readonly string[]): Exporter;
}
