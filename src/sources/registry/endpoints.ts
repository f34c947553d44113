// Where an image of a registry can be had: its mirrors in the order of the configuration, then the registry itself.
// What a host may be spoken to with (TLS, plain http, which certificates) is its own section's business, mirrors
// included.

import {join} from 'node:path';
import {type Config, defaultRegistryConfig} from '../../config/config.ts';
import type {CertificateFolder} from './certificate-folders.ts';
import {isLoopback} from './proxy.ts';
import type {TlsSettings} from './trust.ts';

export interface Endpoint {
  /** host[:port] that is spoken to. */
  readonly host: string;
  /** `/v2`, or `/v2/proxy` for a mirror below a path. */
  readonly root: string;
  readonly mirror: boolean;
  /** Another one is asked when this one does not answer soon. */
  readonly hurried: boolean;
  /** The name it has in the configuration and in docker's credentials. */
  readonly name: string;
  /** `?ns=` for mirrors, which may serve several registries (containerd's convention). */
  readonly namespace?: string;
  /** In the order to try. */
  readonly schemes: readonly ('https' | 'http')[];
  readonly tls: TlsSettings;
}

const hubHost = 'registry-1.docker.io';

export function endpointsOf(domain: string, config: Config): readonly [Endpoint, ...Endpoint[]] {
  const own = endpointOf(domain, '', config, undefined);
  const mirrors = (config.registries.get(domain) ?? defaultRegistryConfig).mirrors.map((mirror) => {
    const slash = mirror.indexOf('/');
    const host = slash < 0 ? mirror : mirror.slice(0, slash);
    return endpointOf(host, slash < 0 ? '' : mirror.slice(slash), config, domain);
  });
  const [first, ...rest] = mirrors;
  return first === undefined ? [own] : [first, ...rest, own];
}

function endpointOf(name: string, path: string, config: Config, namespace: string | undefined): Endpoint {
  const settings = config.registries.get(name) ?? defaultRegistryConfig;
  const loopback = isLoopback(hostOnly(name));
  // docker takes registries on this machine as insecure: nobody is in between.
  const insecure = settings.insecure || (loopback && settings.http !== false);
  const host = name === 'docker.io' ? hubHost : name;
  const named = settings.tlsFolders.map((folder) => ({path: folder, isNamed: true}));
  const folders: readonly CertificateFolder[] =
    named.length > 0 ? named : foldersOf([...new Set([name, host])], config);
  return {
    host,
    root: `/v2${path}`,
    mirror: namespace !== undefined,
    hurried: namespace !== undefined,
    name,
    ...(namespace === undefined ? {} : {namespace}),
    schemes:
      settings.http === true ? ['http'] : insecure && settings.http !== false ? ['https', 'http'] : ['https'],
    tls: {insecure, ca: settings.ca, keypair: settings.keypair, folders},
  };
}

function foldersOf(hosts: readonly string[], {certificatePlaces}: Config): CertificateFolder[] {
  return certificatePlaces.flatMap((place) =>
    hosts.map((host) => ({path: join(place, host), isNamed: false})),
  );
}

function hostOnly(host: string): string {
  return (/^\[(.*)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase();
}
