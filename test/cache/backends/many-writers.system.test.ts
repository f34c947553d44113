// Fifty machines write to one cache at once: each has its own connections, and knows nothing of the others. All of them
// have a layer in common, which comes over once or a few times, and one of their own.

import {afterAll, beforeAll, expect, it} from 'vitest';
import type {CacheBackend} from '../../../src/cache/backends/backend.ts';
import {createBackend} from '../../../src/cache/backends/index.ts';
import {loadConfig} from '../../../src/config/load-config.ts';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import {mediaTypes} from '../../../src/oci/media-types.ts';
import {RegistryClient} from '../../../src/sources/registry/client.ts';
import {HttpClient} from '../../../src/sources/registry/http.ts';
import {type ObjectServer, startObjectServer} from '../../support/object-server.ts';
import {startRegistry, type TestRegistry} from '../../support/registry.ts';

const writersCount = 50;
const {signal} = new AbortController();
const common = Buffer.alloc(20_000, 'layer that all have');
let objects: ObjectServer;
let registry: TestRegistry | undefined;

beforeAll(async () => {
  objects = await startObjectServer();
  registry = await startRegistry();
});
afterAll(async () => {
  await objects.close();
  await registry?.close();
});

const optionsOf: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
  s3: () => ({
    bucket: 'ci',
    region: 'x',
    endpoint_url: objects.address,
    access_key_id: 'i',
    secret_access_key: 's',
  }),
  registry: () => ({ref: `${registry?.address}/many:ci`}),
};

async function withBackend<T>(type: string, use: (backend: CacheBackend) => Promise<T>): Promise<T> {
  const environment = {};
  const config = await loadConfig({environment, readFile: async () => ''});
  const http = new HttpClient({environment});
  const client = new RegistryClient({config, environment});
  try {
    const services = {
      http: async () => http,
      registry: async () => client,
      storedImages: {rootOf: async () => undefined, has: async () => false, read: () => expect.fail()},
      environment,
      workingDirectory: '/',
    };
    return await use(createBackend(type, new Map(Object.entries(optionsOf[type]?.() ?? {})), services, 'to'));
  } finally {
    await http.close();
    await client.close();
  }
}

function blobOf(bytes: Uint8Array): Descriptor {
  return {mediaType: mediaTypes.layerGzip, digest: digestOf(bytes), size: bytes.length};
}

async function put(backend: CacheBackend, bytes: Uint8Array): Promise<Descriptor> {
  const blob = blobOf(bytes);
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  if (!(await backend.hasBlob(blob, signal))) await backend.writeBlob(blob, open, signal);
  return blob;
}

const nameOf = (index: number): string => `r-${String(index).padStart(64, '0')}`;
const textOf = (index: number): string => JSON.stringify({record: index});

it.for(['s3', 'registry'])('nothing is lost in type=%s', async (type, test) => {
  if (type === 'registry' && registry === undefined) test.skip();
  const writers = Array.from({length: writersCount}, (_, index) =>
    withBackend(type, async (backend) => {
      const blobs = [await put(backend, common), await put(backend, Buffer.from(`own layer ${index}`))];
      await backend.write(nameOf(index), Buffer.from(textOf(index)), blobs, signal);
    }),
  );
  await Promise.all(writers);
  await withBackend(type, async (backend) => {
    for (let index = 0; index < writersCount; index++) {
      const bytes = await backend.read(nameOf(index), signal);
      expect(String(Buffer.from(bytes ?? '')), `record of writer ${index}`).toBe(textOf(index));
      expect(await backend.hasBlob(blobOf(Buffer.from(`own layer ${index}`)), signal)).toBe(true);
    }
    expect(await backend.hasBlob(blobOf(common), signal)).toBe(true);
  });
});
