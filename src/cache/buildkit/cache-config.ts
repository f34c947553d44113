// A cache that BuildKit has written: records that refer to records they were built on, and the layers of results. It
// is in a blob of its own (`application/vnd.buildkit.cacheconfig.v0`) or, as records alone, in the config of an image
// (`moby.buildkit.cache.v0`). It comes from outside: what does not fit together is left out, and digests of blobs are
// verified by whoever fetches them.

import type {Descriptor} from '../../oci/descriptor.ts';
import {type DiffId, parseDigest} from '../../oci/digest.ts';
import type {SharedLayer} from '../../snapshot/shared-layers.ts';

export interface BuildkitCache {
  /** Tells this cache from others. */
  readonly id: string;
  readonly records: readonly BuildkitRecord[];
}

export interface BuildkitRecord {
  readonly digest: string;
  /** For each input, the records one of which it has to be. */
  readonly inputs: readonly (readonly BuildkitLink[])[];
  /** Bottom first; none: only the key is told. */
  readonly layers: readonly SharedLayer[];
}

export interface BuildkitLink {
  /** Of paths that are read, '' for none. */
  readonly selector: string;
  readonly record: number;
}

export interface BuildkitLayer {
  readonly diffId: DiffId;
  readonly blob: Descriptor;
}

/** More than that is no cache of a build. */
const recordsMax = 100_000;
const layersMax = 1000;

/** The cache in the blob `text`; `blobs` are the layers that its manifest lists. Throws for what is none. */
export function readCacheConfig(
  id: string,
  text: string,
  blobs: ReadonlyMap<string, BuildkitLayer>,
): BuildkitCache {
  const config = objectOf(JSON.parse(text));
  const layers = arrayOf(config['layers']).map((layer) => {
    const {blob, parent} = objectOf(layer);
    const digest = parseDigest(String(blob));
    // Go leaves out a zero, which is a number like any other here.
    return {layer: digest && blobs.get(digest), parent: isIndex(parent) || parent === -1 ? parent : 0};
  });
  return {id, records: recordsOf(config['records'], (index) => chainOf(layers, index))};
}

/** The cache in the member of an image's config, which is base64 of records; `image` has its layers, bottom first. */
export function readInlineCache(id: string, member: unknown, image: readonly BuildkitLayer[]): BuildkitCache {
  if (typeof member !== 'string') throw new Error('a cache of BuildKit is no text');
  const records: unknown = JSON.parse(Buffer.from(member, 'base64').toString());
  return {
    id,
    records: recordsOf(records, (index) => (index < image.length ? image.slice(0, index + 1) : undefined)),
  };
}

type Stored = {readonly layer: BuildkitLayer | undefined; readonly parent: number};

function chainOf(layers: readonly Stored[], index: number): readonly BuildkitLayer[] | undefined {
  const chain: BuildkitLayer[] = [];
  for (let at = index; at !== -1; ) {
    const {layer, parent} = layers[at] ?? {layer: undefined, parent: -1};
    if (layer === undefined || chain.push(layer) > layersMax) return undefined;
    at = parent;
  }
  return chain.reverse();
}

function recordsOf(
  json: unknown,
  stackOf: (index: number) => readonly BuildkitLayer[] | undefined,
): readonly BuildkitRecord[] {
  const records = arrayOf(json);
  if (records.length > recordsMax) throw new Error(`a cache of BuildKit with ${records.length} records`);
  return records.map((json) => {
    const record = objectOf(json);
    const inputs = arrayOf(record['inputs']).map((links) =>
      arrayOf(links).flatMap((link): BuildkitLink[] => {
        const {selector = '', link: at = 0} = objectOf(link);
        return typeof selector === 'string' && isIndex(at) ? [{selector, record: at}] : [];
      }),
    );
    return {digest: String(record['digest']), inputs, layers: resultOf(record, stackOf)};
  });
}

/** Of several results the newest. A result is one layer with all below it, or a list of layers. */
function resultOf(
  record: Readonly<Record<string, unknown>>,
  stackOf: (index: number) => readonly BuildkitLayer[] | undefined,
): readonly SharedLayer[] {
  const stacks = arrayOf(record['layers']).map((json) => {
    const {layer = 0, createdAt} = objectOf(json);
    return {stack: isIndex(layer) ? stackOf(layer) : undefined, createdMs: timeOf(createdAt)};
  });
  const chains = arrayOf(record['chains']).map((json) => {
    const {layers, createdAt} = objectOf(json);
    const found = arrayOf(layers).map((index) => (isIndex(index) ? stackOf(index)?.at(-1) : undefined));
    const stack = found.filter((layer) => layer !== undefined);
    return {stack: stack.length === found.length ? stack : undefined, createdMs: timeOf(createdAt)};
  });
  const [newest] = [...stacks, ...chains]
    .filter(({stack}) => stack !== undefined && stack.length > 0)
    .toSorted((a, b) => b.createdMs - a.createdMs);
  return (newest?.stack ?? []).map(({diffId, blob}) => ({
    diffId,
    blob,
    isBase: false,
    epochSeconds: Math.ceil((newest?.createdMs ?? 0) / 1000),
    createdMs: newest?.createdMs ?? 0,
  }));
}

function timeOf(text: unknown): number {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function objectOf(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Error('a cache of BuildKit with something that is no object');
  }
  return json as Readonly<Record<string, unknown>>;
}

function arrayOf(json: unknown): readonly unknown[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json)) throw new Error('a cache of BuildKit with something that is no list');
  return json;
}
