// The configuration file: TOML in the vocabulary of buildkitd.toml as far as tsbuild has the same settings, so that the
// registry sections of one can be pasted into the other. Anything it does not know is an error with its place: a typo
// in `insecure` must not be found out by a failing pull.

import {isAbsolute, join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {sourceFile} from '../diagnostics/source-file.ts';
import {readConfig} from './read-config.ts';
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

export const emptyConfig: Config = {
  registries: new Map(),
  certificatePlaces: [],
  dns: defaultDnsConfig,
  gc: defaultGcConfig,
};

export interface ConfigInput {
  /** The file given with --config; undefined: the first default that exists. */
  readonly configFile?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Text of a file; rejects with code ENOENT when there is none. */
  readFile(path: string): Promise<string>;
}

/** Reads the configuration. Throws BuildError('usage') on a missing explicit file and on every mistake in a file. */
export async function loadConfig(input: ConfigInput): Promise<Config> {
  const candidates =
    input.configFile === undefined ? defaultConfigFiles(input.environment) : [input.configFile];
  const certificatePlaces = certificatePlacesOf(input.environment);
  for (const path of candidates) {
    const text = await textOf(path, input);
    if (text !== undefined) return {certificatePlaces, ...(await readConfig(sourceFile(path, text)))};
  }
  return {...emptyConfig, certificatePlaces};
}

async function textOf(path: string, input: ConfigInput): Promise<string | undefined> {
  try {
    return await input.readFile(path);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    const absent = code === 'ENOENT' || code === 'ENOTDIR';
    if (absent && input.configFile === undefined) return undefined;
    const reason = absent ? 'no such file' : (code ?? String(error));
    throw buildError('usage', 'config-unreadable', `cannot read configuration file ${path}: ${reason}`, {
      cause: error,
    });
  }
}

/** Where the file is looked for without --config, in this order. */
export function defaultConfigFiles(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const base = configHome(environment);
  return [
    ...(base === undefined ? [] : [join(base, 'tsbuild', 'tsbuild.toml')]),
    '/etc/tsbuild/tsbuild.toml',
  ];
}

/** As rootless docker and podman, and those of root, look for certificates of registries. */
function certificatePlacesOf(environment: ConfigInput['environment']): readonly string[] {
  const base = configHome(environment);
  const places = ['docker/certs.d', 'containers/certs.d'];
  return [...(base === undefined ? [] : [base]), '/etc'].flatMap((top) =>
    places.map((place) => join(top, place)),
  );
}

function configHome(environment: ConfigInput['environment']): string | undefined {
  const {XDG_CONFIG_HOME: xdg, HOME: home} = environment as {XDG_CONFIG_HOME?: string; HOME?: string};
  // The XDG specification: a relative XDG_CONFIG_HOME is ignored.
  return xdg !== undefined && isAbsolute(xdg) ? xdg : home ? join(home, '.config') : undefined;
}
