// What a name leads to in its registry, without fetching a layer: the manifest or index, the config of each image, and
// what is attested of it in the way of BuildKit.

import {buildError} from '../../diagnostics/build-error.ts';
import {
  isBesideImages,
  predicateTypeAnnotation,
  referenceDigestAnnotation,
  statementMediaType,
} from '../../oci/attestation-marks.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {entriesIn, type IndexEntry, platformName} from '../../oci/join-index.ts';
import type {Manifest} from '../../oci/manifest.ts';
import {type ParsedManifest, parseManifest} from '../../oci/parse-manifest.ts';
import {normalisedName, type Reference} from '../../oci/reference.ts';
import {mapLimited} from '../../util/map-limited.ts';
import type {Transfer} from './transfer.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface RemoteRoot {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** Of an index, with all their members. */
  readonly entries: readonly IndexEntry[] | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

export interface RemoteImage {
  /** `linux/arm64` */
  readonly platform: string;
  readonly config: Json;
  /** Predicates of statements by their types. */
  readonly predicates: ReadonlyMap<string, readonly Json[]>;
}

const requestsMax = 4;

export async function remoteRoot(reference: Reference, transfer: Transfer): Promise<RemoteRoot> {
  const {bytes, parsed, descriptor} = await manifestOf(reference, undefined, transfer);
  const document = parsed.kind === 'index' ? parsed.index : parsed.manifest;
  return {
    descriptor,
    bytes,
    entries: parsed.kind === 'index' ? entriesIn(bytes) : undefined,
    annotations: document.annotations,
  };
}

/** Attestations are read where `attested` asks for them. */
export async function remoteImages(
  reference: Reference,
  root: RemoteRoot,
  attested: boolean,
  transfer: Transfer,
): Promise<readonly RemoteImage[]> {
  const entries: readonly Descriptor[] = root.entries ?? [root.descriptor];
  const images = entries.filter((entry) => !isBesideImages(entry));
  const found = await mapLimited(images, requestsMax, async ({digest, platform}) => {
    const {parsed} = await manifestOf(reference, digest, transfer);
    if (parsed.kind === 'index') return undefined;
    const config = await jsonBlob(reference, parsed.manifest.config, transfer);
    const statements = attested
      ? entries.filter(({annotations}) => annotations?.[referenceDigestAnnotation] === digest)
      : [];
    return {
      platform: platformName(platform ?? platformIn(config)),
      config,
      predicates: await predicatesIn(reference, statements, transfer),
    };
  });
  return found.filter((image) => image !== undefined);
}

async function predicatesIn(
  reference: Reference,
  entries: readonly Descriptor[],
  transfer: Transfer,
): Promise<ReadonlyMap<string, readonly Json[]>> {
  const predicates = new Map<string, Json[]>();
  for (const {digest} of entries) {
    const {parsed} = await manifestOf(reference, digest, transfer);
    if (parsed.kind === 'index') continue;
    for (const layer of parsed.manifest.layers) {
      const type = layer.annotations?.[predicateTypeAnnotation];
      if (layer.mediaType !== statementMediaType || type === undefined) continue;
      const {predicate} = (await jsonBlob(reference, layer, transfer)) as {predicate?: Json};
      predicates.set(type, [...(predicates.get(type) ?? []), predicate ?? {}]);
    }
  }
  return predicates;
}

async function manifestOf(
  reference: Reference,
  digest: Descriptor['digest'] | undefined,
  {engine, signal}: Transfer,
): Promise<{
  bytes: Uint8Array;
  parsed: Extract<ParsedManifest, {kind: 'index' | 'manifest'}>;
  descriptor: Descriptor;
}> {
  const client = await engine.registry();
  const {bytes, digest: found, contentType} = await client.manifest(reference, digest, signal);
  const parsed = parseManifest(bytes, contentType);
  if (parsed.kind === 'index' || parsed.kind === 'manifest') {
    return {bytes, parsed, descriptor: {mediaType: parsed.mediaType, digest: found, size: bytes.length}};
  }
  const why = parsed.kind === 'schema1' ? 'it is of schema 1, which is not supported' : parsed.problem;
  throw buildError(
    'user',
    'registry-invalid-answer',
    `${normalisedName(reference)}: no valid manifest: ${why}`,
  );
}

async function jsonBlob(
  reference: Reference,
  descriptor: Manifest['config'],
  {engine, signal}: Transfer,
): Promise<Json> {
  const client = await engine.registry();
  const bytes = await client.fetchSmall(reference, descriptor, signal);
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof document === 'object' && document !== null) return document as Json;
  } catch {
    // Said below.
  }
  const text = `${normalisedName(reference)}: ${descriptor.digest} is no JSON`;
  throw buildError('environment', 'registry-invalid-answer', text);
}

function platformIn({os, architecture, variant}: Json): {os: string; architecture: string; variant?: string} {
  return {
    os: String(os ?? 'unknown'),
    architecture: String(architecture ?? 'unknown'),
    ...(typeof variant === 'string' ? {variant} : {}),
  };
}
