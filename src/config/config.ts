// The settings of this machine that the configuration file can change, and what they are where it says nothing.

import {defaultGcConfig, type GcConfig} from './read-gc.ts';

/** `[registry."host[:port]"]` */
export interface RegistryConfig {
  /** `host[:port][/path]`, tried in this order before the registry itself. */
  readonly mirrors: readonly string[];
  /** Plain http, never TLS; false: never plain http. Unset: http only for this machine and for `insecure` ones. */
  readonly http?: boolean;
  /** Do not verify certificates, and fall back to plain http. */
  readonly insecure: boolean;
  /** Absolute paths of PEM files with further certificate authorities; in the file relative to it. */
  readonly ca: readonly string[];
  /** Client certificates; the first one is presented. */
  readonly keypair: readonly {readonly key: string; readonly cert: string}[];
  /** Absolute paths of folders with certificates of both kinds; where there are any, `certificatePlaces` do not count. */
  readonly tlsFolders: readonly string[];
}

/** `[dns]`: what steps with a network of their own ask for names, where it is not what the host asks. */
export interface DnsConfig {
  readonly nameservers: readonly string[];
  readonly options: readonly string[];
  readonly searchDomains: readonly string[];
}

export interface Config {
  /** The file it came from; undefined: no file, all defaults. */
  readonly path?: string;
  /** By host as in references: `docker.io`, `localhost:5000`. */
  readonly registries: ReadonlyMap<string, RegistryConfig>;
  /** Folders in which docker and podman have a folder for each registry, `HOST[:PORT]`. */
  readonly certificatePlaces: readonly string[];
  readonly dns: DnsConfig;
  readonly gc: GcConfig;
}

export const defaultRegistryConfig: RegistryConfig = {
  mirrors: [],
  insecure: false,
  ca: [],
  keypair: [],
  tlsFolders: [],
};

export const defaultDnsConfig: DnsConfig = {nameservers: [], options: [], searchDomains: []};

/** `dns`, but for what `own` says. */
export function dnsWith(dns: DnsConfig, own: DnsConfig): DnsConfig {
  const chosen = (name: keyof DnsConfig): readonly string[] => (own[name].length > 0 ? own : dns)[name];
  return {
    nameservers: chosen('nameservers'),
    options: chosen('options'),
    searchDomains: chosen('searchDomains'),
  };
}

export const emptyConfig: Config = {
  registries: new Map(),
  certificatePlaces: [],
  dns: defaultDnsConfig,
  gc: defaultGcConfig,
};
