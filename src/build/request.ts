// A build as data: what the CLI (or any other caller) asks, and what it gets back.

import type {AttestRequest} from '../attestation/attest-request.ts';
import type {ExportResult} from '../exporters/exporter.ts';
import type {Vertex} from '../graph/vertex.ts';
import type {OutputRoom} from '../helper/helper-process.ts';
import type {LockFile} from '../lock/lock-file.ts';
import type {Digest} from '../oci/digest.ts';
import type {Platform} from '../oci/platform.ts';
import type {ResourceLimits} from '../ops/exec/resource-limits.ts';
import type {EmitEvent} from '../progress/events.ts';
import type {SigningKey} from '../signature/keys.ts';
import type {AgentSource} from '../ssh/agents.ts';
import type {Observed} from '../unchanged/observed.ts';

export type ContextInput =
  | {readonly type: 'directory'; readonly path: string}
  /** `-`: a Dockerfile, or a tar archive of a context, on standard input. */
  | {readonly type: 'stdin'; readonly bytes: Uint8Array}
  | {readonly type: 'url'; readonly url: string};

/** `--cache-from` and `--cache-to`: what there is, src/cache/backends knows. */
export interface CacheSpec {
  readonly type: string;
  readonly options: ReadonlyMap<string, string>;
}

export interface BuildRequest {
  readonly context: ContextInput;
  /** `-f`: path, `-` for standard input; undefined: `Dockerfile` in the context. */
  readonly dockerfile?: string;
  /** Text of `-f -`. */
  readonly dockerfileText?: string;
  readonly tags: readonly string[];
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target?: string;
  /** In the order of the result, each once; empty: the machine's own, which is then not asked for. */
  readonly platforms: readonly Platform[];
  readonly noCache: boolean | readonly string[];
  readonly pull: boolean;
  /** Caches of other machines to look into, in this order, and to write to. */
  readonly cacheFrom?: readonly CacheSpec[];
  readonly cacheTo?: readonly CacheSpec[];
  /** Parsed `-o`, as `type` and options; empty: the image store. */
  readonly outputs: readonly {readonly type: string; readonly options: ReadonlyMap<string, string>}[];
  /** Undefined: nothing is attested. */
  readonly attest?: AttestRequest;
  /** Path of BuildKit's source policy as JSON. */
  readonly sourcePolicy?: string;
  /** What sources have to be: exactly what the file says, or, where it is being written, what is known so far. */
  readonly lock?:
    | {readonly mode: 'locked'; readonly file: string}
    | {readonly mode: 'extend'; readonly known: LockFile};
  /** NAME → value of `--build-context`. */
  readonly buildContexts: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, {readonly file: string} | {readonly env: string}>>;
  readonly ssh: Readonly<Record<string, AgentSource>>;
  readonly network: 'default' | 'none' | 'host';
  readonly extraHosts: readonly {readonly host: string; readonly address: string}[];
  readonly shmSizeBytes: number;
  readonly ulimits: readonly {readonly name: string; readonly soft: number; readonly hard: number}[];
  readonly limits: ResourceLimits;
  /** A RUN step that takes longer has failed; 0: no limit. */
  readonly stepTimeoutMs: number;
  readonly entitlements: ReadonlySet<string>;
  readonly workingDirectory: string;
  /** Environment of the command: SOURCE_DATE_EPOCH, proxies, `--build-arg K` without value. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface EngineOptions {
  /** State directory. */
  readonly root: string;
  /** Path of the TOML file given with --config; undefined: the defaults. */
  readonly configFile?: string | undefined;
  readonly emit: EmitEvent;
  /** Of who takes the events: holds steps back while there is more output of them than can be shown. */
  readonly room?: OutputRoom | undefined;
  /** Takes down what the build goes by. */
  readonly observed?: Observed | undefined;
  /** Told what will be solved for, before anything runs. */
  readonly onPlanned?: (targets: readonly Vertex[]) => void;
  /** Told at the end of a build that has made something when the state directory is to be collected. */
  readonly onCollectionDue?: () => void;
  /** Signs what is pushed; no part of the request, which is kept and shown. */
  readonly signingKey?: SigningKey;
  /** Where an output with `dest=-` goes; asked for only then. */
  readonly stdout: () => NodeJS.WritableStream;
}

export interface ImageProvenance {
  readonly platform: Platform;
  readonly predicate: object;
}

export interface BuildResult {
  readonly exports: readonly ExportResult[];
  readonly imageDigest?: Digest;
  /** Makes the SLSA provenance of each image, as the metadata file has it. */
  provenance(mode: 'min' | 'max'): Promise<readonly ImageProvenance[]>;
  /** Vertices that ran and that were found in the cache. */
  readonly executed: number;
  readonly cached: number;
}
