// What `imagetools create` makes an index of: a name in a registry or in the local store, a digest in the repository
// that is meant, or a descriptor in JSON, which says more of a manifest than the registry does.

import {type BuildError, buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {type Digest, parseDigest} from '../../oci/digest.ts';
import type {IndexEntry} from '../../oci/join-index.ts';
import {isIndexType} from '../../oci/media-types.ts';
import {parseManifest} from '../../oci/parse-manifest.ts';
import type {Platform} from '../../oci/platform.ts';
import {isReferenceProblem, normalisedName, parseReference, type Reference} from '../../oci/reference.ts';
import type {PushManifest} from '../../sources/registry/push/repository-writer.ts';
import {storedRoot} from './stored-root.ts';
import type {Transfer} from './transfer.ts';

export interface IndexSource {
  readonly reference: Reference;
  /** The local store has it under this name; no registry is asked. */
  readonly stored?: true;
  /** What a descriptor said: members that go before those of the registry. */
  readonly said?: Readonly<Record<string, unknown>>;
}

/** Reads sources as they are written. `repositories` are those of the tags. Throws BuildError('usage'). */
export function indexSources(texts: readonly string[], tags: readonly Reference[]): readonly IndexSource[] {
  const read = texts.map(readSource);
  const named = [...tags, ...read.flatMap(({reference, stored}) => (stored ? [] : (reference ?? [])))];
  const [repository, ...others] = [
    ...new Map(named.map((one) => [`${one.domain}/${one.path}`, one])).values(),
  ];
  return read.map(({reference, stored, digest, said}) => {
    if (reference !== undefined) return stored ? {reference, stored} : {reference};
    if (repository === undefined) {
      throw wrong(`there is no repository named that has ${digest}`, 'name it with the source: NAME@DIGEST');
    }
    if (others.length > 0) {
      throw wrong(
        `several repositories are named, so it is not said which of them has ${digest}`,
        'name it with the source: NAME@DIGEST',
      );
    }
    const {domain, path} = repository;
    const found = {domain, path, ...(digest === undefined ? {} : {digest})};
    return said === undefined ? {reference: found} : {reference: found, said};
  });
}

/** No name begins so. */
const storeScheme = 'store://';

type ReadSource = Partial<IndexSource> & Pick<Reference, 'digest'>;

function readSource(text: string): ReadSource {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return readDescriptor(trimmed);
  const digest = parseDigest(trimmed);
  if (digest !== undefined) return {digest};
  if (trimmed.startsWith(storeScheme)) {
    const stored = parseReference(trimmed.slice(storeScheme.length));
    if (!isReferenceProblem(stored)) return {reference: stored, stored: true};
    throw wrong(
      `"${trimmed}" is no source: ${stored.problem}`,
      `in the local store it is ${storeScheme}NAME`,
    );
  }
  // As a name, `sha256:12` would be a tag of an image that nobody has.
  const reference = trimmed.startsWith('sha256:')
    ? {problem: 'invalid checksum digest length'}
    : parseReference(trimmed);
  if (!isReferenceProblem(reference)) return {reference};
  throw wrong(
    `"${trimmed}" is no source: ${reference.problem}`,
    'a source is a name, a digest or a descriptor in JSON',
  );
}

function readDescriptor(json: string): ReadSource {
  let said: unknown;
  try {
    said = JSON.parse(json);
  } catch {
    throw wrong('a source that begins with { is no JSON', 'it has to be a descriptor');
  }
  const {digest: text, size} = said as {digest?: unknown; size?: unknown};
  const digest = typeof text === 'string' ? parseDigest(text) : undefined;
  if (digest === undefined || !['undefined', 'number'].includes(typeof size)) {
    throw wrong('a source is no descriptor', 'it has to have a digest, and its size is a number');
  }
  return {digest, said: said as Readonly<Record<string, unknown>>};
}

function wrong(message: string, hint: string): BuildError {
  return buildError('usage', 'cli-bad-value', message, {hints: [hint]});
}

export interface OpenedSource {
  readonly source: IndexSource;
  /** What an index says of it. */
  readonly entry: IndexEntry;
  readonly manifest: PushManifest;
}

interface SourcePlace {
  manifest(): Promise<{
    readonly bytes: Uint8Array;
    readonly digest: Digest;
    readonly contentType?: string;
  }>;
  config(descriptor: Descriptor): Promise<Uint8Array>;
}

async function placeOf({reference, stored}: IndexSource, transfer: Transfer): Promise<SourcePlace> {
  const {engine, signal} = transfer;
  if (stored) {
    const {blobs} = engine;
    const {mediaType, digest} = storedRoot(reference, engine);
    return {
      manifest: async () => ({bytes: await blobs.read(digest), digest, contentType: mediaType}),
      config: (descriptor) => blobs.read(descriptor.digest),
    };
  }
  const client = await engine.registry();
  return {
    manifest: () => client.manifest(reference, undefined, signal),
    config: (descriptor) => client.fetchSmall(reference, descriptor, signal),
  };
}

/** Asks the registry or the store; of a manifest its platform, too, which is in its config. */
export async function openSource(source: IndexSource, transfer: Transfer): Promise<OpenedSource> {
  const {reference, said} = source;
  const place = await placeOf(source, transfer);
  const {bytes, digest, contentType} = await place.manifest();
  const name = normalisedName(reference);
  const parsed = parseManifest(bytes, contentType);
  if (parsed.kind === 'schema1' || parsed.kind === 'invalid') {
    const why = parsed.kind === 'schema1' ? 'it is of schema 1' : parsed.problem;
    throw buildError('user', 'registry-invalid-answer', `${name} cannot be in an index: ${why}`);
  }
  const {mediaType} = parsed;
  if (said?.['size'] !== undefined && said['size'] !== bytes.length) {
    const text = `${name} has ${bytes.length} bytes, and its descriptor says ${String(said['size'])}`;
    throw buildError('user', 'registry-wrong-digest', text);
  }
  const entry: IndexEntry = {...said, mediaType, digest, size: bytes.length};
  const manifest = {mediaType, bytes};
  if (isIndexType(mediaType) || parsed.kind === 'index') return {source, entry, manifest};
  const config = await place.config(parsed.manifest.config);
  const platform = {...platformIn(config), ...entry.platform};
  return {source, entry: isPlatform(platform) ? {...entry, platform} : entry, manifest};
}

function isPlatform(platform: Partial<Platform>): platform is Platform {
  return platform.os !== undefined && platform.architecture !== undefined;
}

/** In the order in which Go writes it. An artifact's config has none. */
function platformIn(config: Uint8Array): Partial<Platform> {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(config));
  } catch {
    return {};
  }
  const members = (document ?? {}) as Readonly<Record<string, unknown>>;
  const names = ['architecture', 'os', 'os.version', 'variant'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = members[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
}
