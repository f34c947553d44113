// Types of base-images.mjs for the tests.

export interface BaseRegistry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Path of a tsbuild.toml that takes docker.io from this registry. */
  readonly config: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export const defaultState: string;
export function ensurePackages(wanted: Readonly<Record<string, string>>): void;
export function which(command: string): string | undefined;
export function ensureRegistry(options?: {
  readonly state?: string;
  readonly images?: readonly string[];
}): Promise<BaseRegistry>;
export function mirrorConfig(address: string): string;
export function pushImage(
  address: string,
  name: string,
  tags: readonly string[],
  layerTar: string,
  config: {readonly Env?: readonly string[]; readonly Cmd?: readonly string[]},
): Promise<void>;
