// A real registry for tests: Debian's docker-registry on a free port of this machine, with a directory of its own
// that is gone afterwards. Where the program is missing `startRegistry` gives undefined and says why, and the tests
// that need it are skipped.

import {type ChildProcess, spawn} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Descriptor} from '../../src/oci/descriptor.ts';
import {type Digest, digestOf} from '../../src/oci/digest.ts';
import {whyMissing} from './packages.mjs';
import {type TestImage, type TestImageInput, testImage, testIndex} from './test-image.ts';

export interface PushedImage {
  /** `127.0.0.1:PORT/name:tag` */
  readonly reference: string;
  /** Digest of what the tag names: the manifest, or the index. */
  readonly digest: Digest;
  /** One per platform; a single one without an index. */
  readonly images: readonly TestImage[];
}

export interface PushInput extends TestImageInput {
  readonly name: string;
  /** Default: `latest`. */
  readonly tag?: string;
  /** Further platforms; with this, even empty, the tag names an index that holds the image first. */
  readonly index?: readonly TestImageInput[];
}

export interface TestRegistry {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  pushImage(input: PushInput): Promise<PushedImage>;
  /** As a crash does it; what it stored stays. */
  kill(): Promise<void>;
  /** After `kill`: at the same address. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface RegistryOptions {
  /** Lines of an htpasswd file with bcrypt hashes: nobody else is let in. */
  readonly htpasswd?: string;
  /** Files in PEM: it speaks TLS. */
  readonly tls?: {readonly certificate: string; readonly key: string};
  /** Where tokens are had, and the certificate of who signs them, in PEM. */
  readonly tokens?: {readonly realm: string; readonly certificate: string};
  /** Where it stores; default: a directory that is gone afterwards. */
  readonly storage?: string;
}

/** Starts a registry; undefined when there is none to be had here. Close it in `afterAll`. */
export async function startRegistry({
  htpasswd,
  tls,
  tokens,
  storage,
}: RegistryOptions = {}): Promise<TestRegistry | undefined> {
  const reason = whyMissing('docker-registry');
  if (reason !== undefined) {
    process.stderr.write(`tests with a real registry are skipped: ${reason}\n`);
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'tsbuild-registry-'));
  const config = join(folder, 'config.yml');
  const configure = (address: string): Promise<void> =>
    writeFile(
      config,
      [
        'version: 0.1',
        'log: {level: info, accesslog: {disabled: true}}',
        `storage: {filesystem: {rootdirectory: ${storage ?? join(folder, 'data')}}, delete: {enabled: true}}`,
        'http:',
        `  addr: "${address}"`,
        '  secret: test',
        ...(tls === undefined ? [] : [`  tls: {certificate: ${tls.certificate}, key: ${tls.key}}`]),
        ...(htpasswd === undefined
          ? []
          : [`auth: {htpasswd: {realm: test, path: ${join(folder, 'htpasswd')}}}`]),
        ...(tokens === undefined
          ? []
          : [
              'auth:',
              `  token: {realm: "${tokens.realm}", service: test, issuer: test, rootcertbundle: ${tokens.certificate}}`,
            ]),
        '',
      ].join('\n'),
    );
  const start = (): ChildProcess =>
    spawn('docker-registry', ['serve', config], {stdio: ['ignore', 'ignore', 'pipe']});
  if (htpasswd !== undefined) await writeFile(join(folder, 'htpasswd'), htpasswd);
  await configure('127.0.0.1:0');
  let child = start();
  try {
    const address = await listeningAddress(child);
    return {
      address,
      pushImage: (input) => pushImage(address, input),
      kill: () => ended(child),
      restart: async () => {
        await configure(address);
        child = start();
        await listeningAddress(child);
      },
      close: async () => {
        await ended(child);
        await rm(folder, {recursive: true, force: true});
      },
    };
  } catch (error) {
    await ended(child);
    await rm(folder, {recursive: true, force: true});
    throw error;
  }
}

/** Puts an image made of entries into any registry that speaks plain http and asks for no password. */
export async function pushImage(address: string, input: PushInput): Promise<PushedImage> {
  const images = [await testImage(input)];
  for (const other of input.index ?? []) images.push(await testImage(other));
  const tag = input.tag ?? 'latest';
  const reference = `${address}/${input.name}:${tag}`;
  for (const image of images) {
    for (const [digest, bytes] of image.blobs) await pushBlob(address, input.name, digest, bytes);
    await pushManifest(
      address,
      input.name,
      image.descriptor.digest,
      image.descriptor.mediaType,
      image.manifest,
    );
  }
  const first = images[0]?.descriptor as Descriptor;
  if (input.index === undefined) {
    await pushManifest(address, input.name, tag, first.mediaType, images[0]?.manifest ?? new Uint8Array());
    return {reference, digest: first.digest, images};
  }
  const index = testIndex(
    images.map((image) => image.descriptor),
    input.docker,
  );
  await pushManifest(address, input.name, tag, index.mediaType, index.bytes);
  return {reference, digest: digestOf(index.bytes), images};
}

async function pushBlob(address: string, name: string, digest: Digest, bytes: Uint8Array): Promise<void> {
  const base = `http://${address}/v2/${name}/blobs`;
  const head = await fetch(`${base}/${digest}`, {method: 'HEAD'});
  if (head.status === 200) return;
  const opened = await fetch(`${base}/uploads/`, {method: 'POST'});
  const location = new URL(opened.headers.get('location') ?? '', `http://${address}`);
  location.searchParams.set('digest', digest);
  const headers = {'content-type': 'application/octet-stream'};
  await expectCreated(await fetch(location, {method: 'PUT', headers, body: Buffer.from(bytes)}));
}

async function pushManifest(
  address: string,
  name: string,
  tag: string,
  mediaType: string,
  bytes: Uint8Array,
): Promise<void> {
  const headers = {'content-type': mediaType};
  const url = `http://${address}/v2/${name}/manifests/${tag}`;
  await expectCreated(await fetch(url, {method: 'PUT', headers, body: Buffer.from(bytes)}));
}

async function expectCreated(response: Response): Promise<void> {
  if (response.status === 201) return;
  throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
}

/** The port is the system's choice and found in the log: another process cannot take it in between. */
function listeningAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => {
      log = (log + text).slice(-20_000);
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`docker-registry ended with ${code}: ${log}`)));
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
