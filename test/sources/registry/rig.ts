// What the client's tests share: a client whose pauses take no time and are written down, and errors as text.

import {
  type Config,
  defaultRegistryConfig,
  emptyConfig,
  type RegistryConfig,
} from '../../../src/config/config.ts';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import {RegistryClient, type RegistryClientOptions} from '../../../src/sources/registry/client.ts';

export const amd64 = {os: 'linux', architecture: 'amd64'};
export const {signal} = new AbortController();

export interface Rig {
  readonly client: RegistryClient;
  /** Milliseconds of each pause between attempts. */
  readonly pauses: number[];
  /** Moves the clock. */
  pass(ms: number): void;
}

export function rig(options: Partial<RegistryClientOptions> = {}): Rig {
  const pauses: number[] = [];
  let now = 1_000_000;
  const client = new RegistryClient({
    config: configOf({}),
    environment: {},
    credentials: {lookup: async () => undefined},
    pacing: {
      wait: async (ms, abort) => {
        abort.throwIfAborted();
        pauses.push(ms);
        now += ms;
      },
      random: () => 1,
      nowMs: () => now,
    },
    ...options,
  });
  return {
    client,
    pauses,
    pass: (ms) => {
      now += ms;
    },
  };
}

export function configOf(registries: Readonly<Record<string, Partial<RegistryConfig>>>): Config {
  const entries = Object.entries(registries).map(
    ([host, settings]) => [host, {...defaultRegistryConfig, ...settings}] as const,
  );
  return {...emptyConfig, registries: new Map(entries)};
}

export interface Failed {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly hints: string;
  readonly notes: string;
}

/** The BuildError that `work` ends with. */
export async function failed(work: Promise<unknown>): Promise<Failed> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BuildError)) throw error;
  const [{code, message, hints, notes}] = error.diagnostics;
  return {kind: error.kind, code, message, hints: (hints ?? []).join('; '), notes: (notes ?? []).join('; ')};
}
