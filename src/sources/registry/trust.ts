// Which certificate authorities are believed. Node's own start reads NODE_EXTRA_CA_CERTS and costs every process 38 ms
// for it, so the launcher keeps the variable from Node and it is read here, once, when TLS is first used. The system's
// bundle counts too, as it does for docker: a company's authority is usually installed there.

import {createSecureContext, rootCertificates, type SecureContext} from 'node:tls';
import {buildError} from '../../diagnostics/build-error.ts';
import {errorText, refusalText} from '../../util/error-text.ts';
import {type CertificateFolder, certificatesIn, type FolderCertificates} from './certificate-folders.ts';

export interface TlsSettings {
  /** Do not verify the server's certificate. */
  readonly insecure: boolean;
  /** Paths of PEM files with further authorities. */
  readonly ca: readonly string[];
  readonly keypair: readonly {readonly key: string; readonly cert: string}[];
  /** Where more of both may be. */
  readonly folders: readonly CertificateFolder[];
}

export const defaultTls: TlsSettings = {insecure: false, ca: [], keypair: [], folders: []};

/** How files are read; tests have their own. */
export interface CertificateFiles {
  read(path: string): Promise<string>;
  list(path: string): Promise<readonly string[]>;
}

const environmentFiles = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'TSBUILD_EXTRA_CA_CERTS'] as const;
/** Debian and Alpine, Fedora, openSUSE; the first that exists. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

export class TrustStore {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #files: CertificateFiles;
  readonly #folders = new Map<string, Promise<FolderCertificates>>();
  readonly #contexts = new Map<string, Promise<SecureContext>>();
  #common: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(environment: Readonly<Record<string, string | undefined>>, files: CertificateFiles) {
    this.#environment = environment;
    this.#files = files;
  }

  /** One context for all connections with the same settings: parsing 140 certificates takes 40 ms. */
  async context(settings: TlsSettings): Promise<SecureContext> {
    return this.#contextOf(settings.folders.length === 0 ? settings : await this.#withFolders(settings));
  }

  /** What the configuration names itself goes before what lies in folders. */
  async #withFolders(settings: TlsSettings): Promise<TlsSettings> {
    const found = await Promise.all(settings.folders.map((folder) => this.#certificatesIn(folder)));
    return {
      insecure: settings.insecure,
      ca: [...settings.ca, ...found.flatMap(({ca}) => ca)],
      keypair: [...settings.keypair, ...found.flatMap(({keypair}) => keypair)],
      folders: [],
    };
  }

  #certificatesIn(folder: CertificateFolder): Promise<FolderCertificates> {
    const known = this.#folders.get(folder.path);
    if (known !== undefined) return known;
    const found = certificatesIn(folder, (path) => this.#files.list(path));
    this.#folders.set(folder.path, found);
    return found;
  }

  #contextOf(settings: TlsSettings): Promise<SecureContext> {
    const key = JSON.stringify([settings.insecure, settings.ca, settings.keypair]);
    const known = this.#contexts.get(key);
    if (known !== undefined) return known;
    const made = this.#make(settings);
    this.#contexts.set(key, made);
    return made;
  }

  async #make(settings: TlsSettings): Promise<SecureContext> {
    const pair = settings.keypair[0];
    const identity =
      pair === undefined
        ? {}
        : {key: await this.#configured(pair.key), cert: await this.#configured(pair.cert)};
    const authorities = settings.insecure ? [] : await this.#authorities(settings);
    try {
      return createSecureContext({ca: authorities, ...identity});
    } catch (error) {
      const files = [...settings.ca, ...settings.keypair.flatMap((one) => [one.key, one.cert])].join(', ');
      throw buildError(
        'environment',
        'registry-invalid-certificate',
        `cannot use the certificates in ${files}`,
        {
          notes: [errorText(error)],
          cause: error,
        },
      );
    }
  }

  async #authorities(settings: TlsSettings): Promise<string[]> {
    this.#common ??= this.#commonAuthorities();
    const authorities = new Map(await this.#common);
    for (const path of settings.ca) addCertificates(authorities, await this.#configured(path));
    return [...authorities.values()];
  }

  async #commonAuthorities(): Promise<ReadonlyMap<string, string>> {
    const authorities = new Map<string, string>();
    for (const certificate of rootCertificates) addCertificates(authorities, certificate);
    const named = new Set(
      environmentFiles.map((name) => this.#environment[name]).filter((path) => Boolean(path)),
    );
    for (const path of named)
      if (path !== undefined) addCertificates(authorities, (await this.#optional(path)) ?? '');
    for (const path of systemBundles) {
      const text = named.has(path) ? '' : await this.#optional(path);
      if (text === undefined) continue;
      addCertificates(authorities, text);
      break;
    }
    return authorities;
  }

  /** A file the configuration names must be there. */
  async #configured(path: string): Promise<string> {
    try {
      return await this.#files.read(path);
    } catch (error) {
      const reason = refusalText(error);
      throw buildError(
        'environment',
        'registry-missing-certificate',
        `cannot read certificate ${path}: ${reason}`,
        {
          hints: ['its path is in the configuration file, below [registry."..."], or it lies in a certs.d'],
          cause: error,
        },
      );
    }
  }

  /** A file only the environment names may be stale; Node and Go go on without it. */
  async #optional(path: string): Promise<string | undefined> {
    return this.#files.read(path).catch(() => undefined);
  }
}

/** Keyed by its base64 text: bundles overlap, and each certificate is parsed once. */
function addCertificates(authorities: Map<string, string>, pem: string): void {
  for (const match of pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g)) {
    authorities.set((match[1] ?? '').replace(/\s+/g, ''), match[0]);
  }
}
