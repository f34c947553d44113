// A built image with two small real layers, a blob directory, and an export context that remembers what it was told.

import {createHash} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Writable} from 'node:stream';
import {gzipSync} from 'node:zlib';
import {pack} from 'tar-stream';
import {emptyConfig} from '../../src/config/config.ts';
import type {
  BuiltImage,
  BuiltImages,
  ExportContext,
  ExportSurroundings,
  ImageLayer,
} from '../../src/exporters/exporter.ts';
import type {Helper} from '../../src/helper/helper.ts';
import type {Descriptor} from '../../src/oci/descriptor.ts';
import {type DiffId, type Digest, digestOf, hexOf} from '../../src/oci/digest.ts';
import {mediaTypes} from '../../src/oci/media-types.ts';
import type {Platform} from '../../src/oci/platform.ts';
import {RegistryClient} from '../../src/sources/registry/client.ts';
import type {AtLeastOne} from '../../src/util/at-least-one.ts';

export const amd64: Platform = {os: 'linux', architecture: 'amd64'};
export const armV7: Platform = {os: 'linux', architecture: 'arm', variant: 'v7'};
const baseCreated = '2020-01-01T00:00:00Z';
const layerTimesMs = [Date.UTC(2020, 0, 1), Date.UTC(2024, 4, 5, 6, 7, 8, 9)];

export interface Workshop extends Disposable {
  readonly directory: string;
  readonly context: ExportContext &
    ExportSurroundings & {
      readonly notes: string[];
      readonly tagged: Map<string, Descriptor>;
      readonly requests: (readonly string[])[];
      readonly stdoutBytes: () => Buffer;
    };
  /** A build for one platform. */
  built(more?: Partial<BuiltImage>): Promise<BuiltImages>;
  /** A build for several, whose images have the same layers. */
  list(platforms: AtLeastOne<Platform>): Promise<BuiltImages>;
}

export interface WorkshopOptions {
  readonly stdoutIsTty?: boolean;
  readonly signal?: AbortSignal;
  /** Does what the helper would do. */
  readonly request?: (verb: string, args: readonly string[]) => void;
}

export function workshop(options: WorkshopOptions = {}): Workshop {
  const directory = mkdtempSync(join(tmpdir(), 'tsbuild-exporters-'));
  const blobPath = (digest: Digest): string => join(directory, `blob-${hexOf(digest)}`);
  const put = async (bytes: Uint8Array): Promise<Digest> => {
    const digest = digestOf(bytes);
    writeFileSync(blobPath(digest), bytes);
    return digest;
  };
  const written: Buffer[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      done();
    },
  });
  const notes: string[] = [];
  const tagged = new Map<string, Descriptor>();
  const archives = new Map<string, string>();
  const requests: (readonly string[])[] = [];
  let registry: RegistryClient | undefined;
  const helper: Helper = {
    async request(verb, args) {
      requests.push([verb, ...args]);
      options.request?.(verb, args);
      return new Map([['count', '3']]);
    },
    close: async () => {},
  };
  const image = async (more: Partial<BuiltImage>): Promise<BuiltImage> => {
    const layers = [await layer('base', 'base\n', put), await layer('new', 'new\n', put)];
    return {
      platform: amd64,
      config: {
        architecture: 'amd64',
        os: 'linux',
        config: {Cmd: ['/bin/sh'], Env: ['PATH=/bin']},
        rootfs: {type: 'layers', diff_ids: []},
      },
      history: [
        {created: baseCreated, created_by: 'base'},
        {created_by: 'ENV A=b', empty_layer: true},
        {created_by: 'RUN new'},
        {created_by: 'CMD ["/bin/sh"]', empty_layer: true},
      ],
      layerTimesMs,
      baseLayerCount: 1,
      layers: async () => layers,
      rootView: async () => ({layers: ['/layers/new', '/layers/base']}),
      ...more,
    };
  };
  const imageFor = async (platform: Platform): Promise<BuiltImage> => {
    const made = await image({platform});
    return {...made, config: {...made.config, ...platform}};
  };
  return {
    directory,
    context: {
      platforms: [amd64],
      hasIndex: false,
      entitlements: new Set(),
      environment: {},
      notes,
      tagged,
      requests,
      stdoutBytes: () => Buffer.concat(written),
      helper: async () => helper,
      blobs: {path: async (digest) => blobPath(digest), put},
      archives: {
        bootId: 'boot',
        get: (path) => archives.get(path),
        set: (path, text) => void archives.set(path, text),
      },
      tagImage: async (name, manifest) => void tagged.set(name, manifest),
      signal: options.signal ?? new AbortController().signal,
      workingDirectory: directory,
      stdout: Object.assign(stdout, {isTTY: options.stdoutIsTty ?? false}),
      note: (text) => void notes.push(text),
      warn: (code, text) => void notes.push(`${code}: ${text}`),
      progress: () => {},
      registry: async () => {
        registry ??= new RegistryClient({config: emptyConfig, environment: {}});
        return registry;
      },
    },
    built: async (more = {}) => ({images: [await image(more)], isList: false}),
    list: async ([first, ...others]) => ({
      images: [await imageFor(first), ...(await Promise.all(others.map(imageFor)))],
      isList: true,
    }),
    [Symbol.dispose]: () => {
      void registry?.close();
      rmSync(directory, {recursive: true, force: true});
    },
  };
}

async function layer(
  name: string,
  content: string,
  put: (bytes: Uint8Array) => Promise<Digest>,
): Promise<ImageLayer> {
  const archive = pack();
  archive.entry({name, mtime: new Date(0)}, content);
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const tar = Buffer.concat(chunks);
  const bytes = gzipSync(tar);
  const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}` as DiffId;
  return {
    diffId,
    descriptor: {mediaType: mediaTypes.layerGzip, digest: await put(bytes), size: bytes.length},
  };
}
