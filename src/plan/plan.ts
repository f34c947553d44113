// What planning takes and gives. Pure but for `resolveImage` and `epochOf`, which look at what is outside.

import type {Dockerfile} from '../dockerfile/ast.ts';
import type {GitSource, HttpSource} from '../graph/op.ts';
import type {Vertex} from '../graph/vertex.ts';
import type {Digest} from '../oci/digest.ts';
import type {HistoryEntry, ImageConfig} from '../oci/image-config.ts';
import type {Platform} from '../oci/platform.ts';
import type {PlanObserver} from './plan-observer.ts';

export interface ResolvedImage {
  /** Normalised reference, as for ImageSource. */
  readonly reference: string;
  readonly manifestDigest: Digest;
  readonly platform: Platform;
  readonly config: ImageConfig;
}

/** What a name means when `--build-context NAME=…` overrides it. */
export type NamedContext =
  | {readonly type: 'local'; readonly name: string}
  /** No file at all: `docker-image://scratch`. */
  | {readonly type: 'empty'}
  | {readonly type: 'image'; readonly reference: string};

/** What SOURCE_DATE_EPOCH may name instead of a number: a context (as in LocalSource), or something remote. */
export type EpochOrigin =
  | {readonly type: 'context'; readonly name: string}
  | {readonly type: 'source'; readonly source: HttpSource | GitSource};

export interface PlanRequest {
  readonly dockerfile: Dockerfile;
  /** Stage name, any case; the last stage when undefined. */
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** `--label`: win over the Dockerfile's. */
  readonly labels: Readonly<Record<string, string>>;
  readonly targetPlatform: Platform;
  readonly buildPlatform: Platform;
  /**
   * True when the user chose `targetPlatform`: the image then says it is for that one. False: it says what its base
   * says. Undefined: chosen when the two platforms differ.
   */
  readonly platformGiven?: boolean;
  /** True in a build for several platforms: the names of steps tell which they are for. */
  readonly showsPlatforms?: boolean;
  readonly namedContexts: Readonly<Record<string, NamedContext>>;
  /** True: every step; names: these stages (`--no-cache-filter`). */
  readonly noCache: boolean | readonly string[];
  readonly network: 'default' | 'none' | 'host';
  readonly extraHosts: readonly {readonly host: string; readonly address: string}[];
  readonly shmSizeBytes: number;
  readonly ulimits: readonly {readonly name: string; readonly soft: number; readonly hard: number}[];
  /** `--allow`: what RUN --network=host and --security=insecure need. */
  readonly entitlements: ReadonlySet<string>;
  /** True: every stage of the file is planned, whatever the target needs, so that all its mistakes are found. */
  readonly allStages?: boolean;
  /** True: no phase ends at its mistakes. Those of the next ones may follow from them, and there is no plan. */
  readonly surveys?: boolean;
  readonly observer?: PlanObserver;
  /** Ids given with --secret; a required secret that is missing is the exec runner's error. */
  resolveImage(reference: string, platform: Platform): Promise<ResolvedImage>;
  /** When it was made, in seconds; undefined when it has no time that is worth keeping. */
  epochOf(origin: EpochOrigin): Promise<number | undefined>;
}

/** Of a request that asks for nothing besides its file. */
export const plainRequest = {
  buildArgs: {},
  labels: {},
  namedContexts: {},
  noCache: false,
  network: 'default',
  extraHosts: [],
  shmSizeBytes: 0,
  ulimits: [],
  entitlements: new Set<string>(),
  epochOf: async () => undefined,
} as const satisfies Partial<PlanRequest>;

/** A stage that a bill of materials is to cover beside the result. */
export interface ScannedStage {
  readonly name: string;
  readonly vertex: Vertex;
}

export interface Plan {
  /** Undefined: nothing but scratch. */
  readonly vertex?: Vertex;
  /** Without `rootfs.diff_ids` and without `created` times, which the exporter adds. */
  readonly config: ImageConfig;
  /** The base image's history first. An entry without empty_layer stands for exactly one layer of the result. */
  readonly history: readonly HistoryEntry[];
  /** How many of `history` came with the base image (they keep their `created`). */
  readonly baseHistoryCount: number;
  /** SOURCE_DATE_EPOCH in seconds, when set. */
  readonly epochSeconds?: number;
  readonly platform: Platform;
  /** By BUILDKIT_SBOM_SCAN_STAGE; undefined: none. */
  readonly scanned?: readonly ScannedStage[];
}
