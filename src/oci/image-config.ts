// The image config blob (image-spec config.md) plus the fields docker adds and BuildKit writes: Healthcheck,
// OnBuild, Shell, ArgsEscaped. JSON-shaped, so member names are the spec's.

import type {DiffId} from './digest.ts';

export interface HealthcheckConfig {
  readonly Test?: readonly string[];
  /** Durations in nanoseconds. */
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

export interface ContainerConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly ArgsEscaped?: boolean;
  readonly Healthcheck?: HealthcheckConfig;
  readonly OnBuild?: readonly string[];
  readonly Shell?: readonly string[];
}

export interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/** Members of an image config in which a builder keeps the cache of the image: ours and BuildKit's. */
export const cacheMembers = {own: 'tsbuild.cache.v1', buildkit: 'moby.buildkit.cache.v0'} as const;

export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly config: ContainerConfig;
  readonly rootfs: {readonly type: 'layers'; readonly diff_ids: readonly DiffId[]};
  readonly history?: readonly HistoryEntry[];
}
