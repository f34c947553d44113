// A configuration text becomes a Config, or an error that lists everything wrong with it at once.

import {isIP} from 'node:net';
import {dirname, resolve} from 'node:path';
import {BuildError, buildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import {suggest} from '../util/suggest.ts';
import {type Config, type DnsConfig, defaultDnsConfig, type RegistryConfig} from './config.ts';
import {defaultGcConfig, GcReader} from './read-gc.ts';
import {TomlPlaces} from './toml-places.ts';

type Table = Readonly<Record<string, unknown>>;

/** Sections and keys that buildkitd has and tsbuild does not: named as such, for people who bring their file. */
const foreignKeys: ReadonlySet<string> = new Set(
  'root debug trace insecure-entitlements log grpc otel cdi frontend history system'.split(' '),
);
const sections = ['registry', 'dns', 'gc', 'worker'] as const;
const dnsKeys = ['nameservers', 'options', 'searchDomains'] as const;
const registryKeys = ['mirrors', 'http', 'insecure', 'ca', 'keypair', 'tlsconfigdir'] as const;
const hostPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;

export async function readConfig(file: SourceFile): Promise<Omit<Config, 'certificatePlaces'>> {
  // Loaded here, since most builds have no configuration file.
  const {parse, TomlError} = await import('smol-toml');
  let document: Table;
  try {
    document = parse(file.text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const {line, column} = error;
    const message = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw buildError('usage', 'config-syntax', `invalid TOML: ${message}`, {
      file,
      // smol-toml counts columns from 1.
      span: {line, column: Math.max(0, column - 1), endLine: line, endColumn: Math.max(1, column)},
      cause: error,
    });
  }
  const reader = new ConfigReader(file);
  const read = reader.readDocument(document);
  const [first, ...rest] = reader.diagnostics;
  if (first !== undefined) throw new BuildError('usage', [first, ...rest]);
  return {path: file.path, ...read};
}

class ConfigReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: SourceFile;
  readonly #places: TomlPlaces;

  constructor(file: SourceFile) {
    this.#file = file;
    this.#places = new TomlPlaces(file);
  }

  readDocument(document: Table): Pick<Config, 'registries' | 'dns' | 'gc'> {
    const registries = new Map<string, RegistryConfig>();
    let dns = defaultDnsConfig;
    let gc = defaultGcConfig;
    const reader = new GcReader({
      unknown: (path, known) => this.#unknown(path, known),
      wrong: (path, expected, value) => this.#wrong(path, expected, value),
    });
    for (const [key, value] of Object.entries(document)) {
      if (key === 'dns') dns = this.#readDns(value);
      // What is said for tsbuild itself goes before what a file for buildkitd says.
      else if (key === 'gc') gc = reader.own(value);
      else if (key === 'worker') {
        const worker = reader.worker(value);
        if (document['gc'] === undefined) gc = worker;
      } else if (key !== 'registry') this.#unknown([key], sections);
      else if (!isTable(value)) this.#wrong([key], 'a table like [registry."docker.io"]', value);
      else {
        for (const [host, settings] of Object.entries(value)) {
          const registry = this.#readRegistry(host, settings);
          if (registry !== undefined)
            registries.set(host === 'index.docker.io' ? 'docker.io' : host, registry);
        }
      }
    }
    return {registries, dns, gc};
  }

  #readDns(value: unknown): DnsConfig {
    if (!isTable(value)) {
      this.#wrong(['dns'], 'a table like [dns]', value);
      return defaultDnsConfig;
    }
    for (const key of Object.keys(value)) {
      if (!(dnsKeys as readonly string[]).includes(key)) this.#unknown(['dns', key], dnsKeys);
    }
    const nameservers = this.#strings(['dns', 'nameservers'], value['nameservers']);
    for (const address of nameservers) {
      if (isIP(address) !== 0) continue;
      this.#report(['dns', 'nameservers'], 'config-invalid-nameserver', `"${address}" is not an IP address`);
    }
    return {
      nameservers,
      options: this.#strings(['dns', 'options'], value['options']),
      searchDomains: this.#strings(['dns', 'searchDomains'], value['searchDomains']),
    };
  }

  #readRegistry(host: string, value: unknown): RegistryConfig | undefined {
    const path = ['registry', host];
    if (!isTable(value)) {
      this.#wrong(path, `a table like [registry."${host}"]`, value);
      return undefined;
    }
    if (!hostPattern.test(host)) {
      this.#report(
        path,
        'config-invalid-host',
        `"${host}" is no registry host, expected host[:port]`,
        hostHints(host),
      );
    }
    for (const key of Object.keys(value)) {
      if (!(registryKeys as readonly string[]).includes(key)) this.#unknown([...path, key], registryKeys);
    }
    const http = this.#boolean([...path, 'http'], value['http']);
    const mirrors = this.#strings([...path, 'mirrors'], value['mirrors']);
    for (const mirror of mirrors) this.#checkMirror([...path, 'mirrors'], mirror);
    return {
      mirrors: mirrors.map((mirror) => mirror.replace(/\/+$/, '')),
      ...(http === undefined ? {} : {http}),
      insecure: this.#boolean([...path, 'insecure'], value['insecure']) ?? false,
      ca: this.#strings([...path, 'ca'], value['ca']).map((name) => this.#absolute(name)),
      keypair: this.#keypairs([...path, 'keypair'], value['keypair']),
      tlsFolders: this.#strings([...path, 'tlsconfigdir'], value['tlsconfigdir']).map((name) =>
        this.#absolute(name),
      ),
    };
  }

  #checkMirror(path: readonly string[], mirror: string): void {
    const [host = '', ...rest] = mirror.replace(/\/+$/, '').split('/');
    if (hostPattern.test(host) && !rest.includes('')) return;
    this.#report(
      path,
      'config-invalid-mirror',
      `"${mirror}" is no mirror, expected host[:port][/path]`,
      hostHints(mirror),
    );
  }

  #keypairs(path: readonly string[], value: unknown): {key: string; cert: string}[] {
    if (value === undefined) return [];
    // buildkitd has an array of tables; a single table is what people write first.
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    const pairs: {key: string; cert: string}[] = [];
    for (const item of items) {
      if (!isTable(item)) {
        this.#wrong(path, 'tables with key and cert', item);
        continue;
      }
      for (const name of Object.keys(item)) {
        if (name !== 'key' && name !== 'cert') this.#unknown([...path, name], ['key', 'cert']);
      }
      const {key, cert} = item as {key?: unknown; cert?: unknown};
      if (typeof key === 'string' && typeof cert === 'string') {
        pairs.push({key: this.#absolute(key), cert: this.#absolute(cert)});
      } else {
        this.#report(path, 'config-invalid-keypair', 'a keypair needs the two files key and cert');
      }
    }
    return pairs;
  }

  #boolean(path: readonly string[], value: unknown): boolean | undefined {
    if (value !== undefined && typeof value !== 'boolean') this.#wrong(path, 'true or false', value);
    return typeof value === 'boolean' ? value : undefined;
  }

  #strings(path: readonly string[], value: unknown): string[] {
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== ''))
      return [...value];
    this.#wrong(path, 'a list of texts like ["a", "b"]', value);
    return [];
  }

  #absolute(name: string): string {
    return resolve(dirname(this.#file.path), name);
  }

  #unknown(path: readonly string[], known: readonly string[]): void {
    const key = path.at(-1) ?? '';
    const near = suggest(key, known);
    const hints: string[] = [];
    if (near !== undefined) hints.push(`did you mean ${near}?`);
    else if (path.length === 1 && foreignKeys.has(key)) {
      hints.push(`${key} is a setting of buildkitd that tsbuild does not have; remove it`);
    } else hints.push(`known here: ${known.join(', ')}`);
    const where = path.length === 1 ? '' : ` in [${path.slice(0, -1).map(tomlKey).join('.')}]`;
    this.#report(path, 'config-unknown-key', `unknown key ${key}${where}`, hints);
  }

  #wrong(path: readonly string[], expected: string, value: unknown): void {
    const message = `${path.map(tomlKey).join('.')} must be ${expected}, not ${kindOf(value)}`;
    this.#report(path, 'config-invalid-value', message);
  }

  #report(path: readonly string[], code: string, message: string, hints: readonly string[] = []): void {
    const span = this.#places.find(path);
    this.diagnostics.push({
      severity: 'error',
      code,
      message,
      file: this.#file,
      ...(span === undefined ? {} : {span}),
      ...(hints.length === 0 ? {} : {hints}),
    });
  }
}

function hostHints(text: string): string[] {
  const scheme = /^(https?):\/\//.exec(text)?.[1];
  if (scheme === undefined) return [];
  const bare = text.replace(/^https?:\/\//, '');
  const host = bare.split('/', 1)[0] ?? bare;
  return scheme === 'https'
    ? [`write it without https://: "${bare}"`]
    : [`write "${bare}", and http = true below [registry."${host}"]`];
}

function tomlKey(part: string): string {
  return /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isTable(value)) return 'a table';
  return JSON.stringify(value) ?? String(value);
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
