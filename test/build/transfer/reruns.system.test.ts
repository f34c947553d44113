// A transfer that a fault ended is done again when the fault is over: what arrived the first time does not travel
// twice, whatever the fault was. Bytes are counted where they pass.

import {existsSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {pullImage} from '../../../src/build/transfer/pull.ts';
import {pushStored} from '../../../src/build/transfer/push-stored.ts';
import {type Transfer, withTransfer} from '../../../src/build/transfer/transfer.ts';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {isReferenceProblem, parseReference, type Reference} from '../../../src/oci/reference.ts';
import {LocalBlobStore} from '../../../src/store/blob-store.ts';
import {openImageStore} from '../../../src/store/image-store.ts';
import {type Fault, startFakeRegistry} from '../../support/fake-registry.ts';
import {startFaultProxy} from '../../support/fault-proxy.ts';
import type {TestImage} from '../../support/test-image.ts';
import {startUploadRegistry, type UploadFault} from '../../support/upload-registry.ts';
import {imageOf, talkBytes} from './registry-rig.ts';

const isSoak = process.env['TSBUILD_SOAK'] === '1';
const amd64 = {os: 'linux', architecture: 'amd64'};

const partBytes = 900_000;

let folder: string;
let image: TestImage;
let faulty: Descriptor;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-reruns-'));
  image = await imageOf(1, 2, 1);
  faulty = image.layers[1] as Descriptor;
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

function transferring<T>(root: string, work: (transfer: Transfer) => Promise<T>): Promise<T> {
  const options = {root, configFile: undefined, environment: {}, emit: () => {}};
  return withTransfer(options, new AbortController().signal, work);
}

function named(address: string): Reference {
  const reference = parseReference(`${address}/app:1`);
  if (isReferenceProblem(reference)) throw new Error(reference.problem);
  return reference;
}

/** How many bytes of the image are not among `there`. */
function missing(there: ReadonlySet<string>): number {
  return [...image.blobs].reduce((sum, [digest, {length}]) => sum + (there.has(digest) ? 0 : length), 0);
}

/** How much of the blob stays for the next time. */
function keptOf(fault: Fault): number {
  if (fault.type === 'excess') return faulty.size;
  return (fault.type === 'cut' || fault.type === 'short') && fault.bytes === partBytes ? partBytes : 0;
}

async function failureOf(work: Promise<unknown>): Promise<BuildError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BuildError);
  return error as BuildError;
}

describe.concurrent('a pull that ended with', () => {
  const answer = (status: number, headers: Record<string, string> = {}): Fault => ({
    type: 'answer',
    status,
    headers,
  });

  it.for<readonly [string, Fault]>([
    ['401, whatever it is given', answer(401, {'www-authenticate': 'Basic realm="a"'})],
    ['403', answer(403)],
    ['404', answer(404)],
    ['429 for an hour', answer(429, {'retry-after': '3600'})],
    ['500, again and again', answer(500)],
    ['502, again and again', answer(502)],
    ['a wrong digest', {type: 'corrupt'}],
    ['too many bytes', {type: 'excess', bytes: 10}],
    ['a body that ends early', {type: 'short', bytes: partBytes}],
    ['a connection that breaks', {type: 'cut', bytes: partBytes}],
    ['a connection that breaks after a few bytes', {type: 'cut', bytes: 1000}],
    ['a connection that is reset', {type: 'reset'}],
  ])(
    '%s is one error, and fetches only what is missing when it is done again',
    async ([name, fault], test) => {
      const registry = await startFakeRegistry();
      const proxy = await startFaultProxy(() => registry.address);
      test.onTestFinished(async () => {
        await proxy.close();
        await registry.close();
      });
      registry.add(image, 'app');
      registry.addManifest('app', '1', image.manifest, image.descriptor.mediaType);
      // After the first time nothing more comes.
      registry.fault = ({path, before}) =>
        path.endsWith(faulty.digest) ? {...fault, ...(before === 0 ? {} : {bytes: 0})} : undefined;
      const root = join(folder, name.replaceAll(/\W/g, '-'));
      const pull = () => transferring(root, (open) => pullImage(named(proxy.address), amd64, open));
      const error = await failureOf(pull());
      expect(error.message.split('\n')).toHaveLength(1);
      const kept = existsSync(join(root, 'blobs/sha256')) ? readdirSync(join(root, 'blobs/sha256')) : [];
      const there = new Set(kept.map((hex) => `sha256:${hex}`));
      expect(there).not.toContain(faulty.digest);
      registry.fault = () => undefined;
      const before = proxy.received;
      expect((await pull()).digest).toBe(image.descriptor.digest);
      const part = keptOf(fault);
      expect(proxy.received - before).toBeGreaterThanOrEqual(faulty.size - part);
      expect(proxy.received - before).toBeLessThan(missing(there) - part + talkBytes);
      expect(readdirSync(join(root, 'partial'))).toEqual([]);
    },
  );
});

describe.concurrent('a push that ended with', () => {
  it.for<readonly [string, UploadFault]>([
    ['401', {status: 401}],
    ['403', {status: 403}],
    ['413', {status: 413}],
    ['429 for an hour', {status: 429, headers: {'retry-after': '3600'}}],
    // Asked again for twenty seconds.
    ...(isSoak ? [['500, again and again', {status: 500}] as const] : []),
    [
      'a digest that the registry does not believe',
      {status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}'},
    ],
    ['an upload that is lost, again and again', {status: 404}],
  ])('%s is one error, and sends only what is missing when it is done again', async ([name, fault], test) => {
    const registry = await startUploadRegistry();
    test.onTestFinished(() => registry.close());
    const root = join(folder, `push-${name.replaceAll(/\W/g, '-')}`);
    const blobs = new LocalBlobStore(root);
    for (const bytes of [...image.blobs.values(), image.manifest]) await blobs.put(bytes);
    {
      using images = openImageStore(root);
      images.tag(`${registry.address}/app:1`, image.descriptor, 1);
    }
    registry.fault = ({method, path}) =>
      method === 'PUT' && path.includes(encodeURIComponent(faulty.digest)) ? fault : undefined;
    const request = {signingKey: undefined, only: undefined};
    const push = () => transferring(root, (open) => pushStored(named(registry.address), request, open));
    const error = await failureOf(push());
    expect(error.message.split('\n')).toHaveLength(1);
    expect(registry.manifests.size).toBe(0);
    const there = new Set([...registry.blobs.keys()].map((key) => key.split(' ')[1] ?? ''));
    expect(there).not.toContain(faulty.digest);
    registry.fault = () => undefined;
    const before = registry.bytesTaken;
    expect((await push()).digest).toBe(image.descriptor.digest);
    expect(registry.bytesTaken - before).toBeLessThanOrEqual(missing(there));
    expect(registry.manifests.has('app 1')).toBe(true);
  });
});
