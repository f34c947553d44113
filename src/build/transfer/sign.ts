// Signing what is in a registry: an image by its digest, and what is attested of it. Nothing is signed but what the
// registry answered with, and only where that is what was asked for.

import {buildError} from '../../diagnostics/build-error.ts';
import {
  isBesideImages,
  predicateTypeAnnotation,
  referenceDigestAnnotation,
  statementMediaType,
} from '../../oci/attestation-marks.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {type Digest, digestOf} from '../../oci/digest.ts';
import {type ParsedManifest, parseManifest} from '../../oci/parse-manifest.ts';
import {manifestName, normalisedName, type Reference, repositoryName} from '../../oci/reference.ts';
import type {SigningKey} from '../../signature/keys.ts';
import {isStatementOf} from '../../signature/sigstore-bundle.ts';
import type {RegistryClient} from '../../sources/registry/client.ts';
import {RepositoryReader} from '../../sources/registry/repository-reader.ts';
import {assert} from '../../util/assert.ts';
import {
  mayBeAttestations,
  putSignature,
  putSignedStatement,
  type SignatureForm,
  type Signer,
  type Statement,
  statementBytesMax,
} from './signatures.ts';
import type {Transfer} from './transfer.ts';

export interface SignRequest {
  readonly key: SigningKey;
  readonly forms: readonly SignatureForm[];
  /** Said in the signature. */
  readonly claims: Readonly<Record<string, string>>;
  /** Every image of an index, too. */
  readonly isRecursive: boolean;
  /** What is attested of its images, too. */
  readonly attestations: boolean;
  /** Of what refers to the images only this; unset: all of it. */
  readonly only?: ReadonlySet<Digest> | undefined;
}

/** Gives what was signed, as `REPOSITORY@DIGEST`. */
export async function signInRegistry(
  reference: Reference,
  request: SignRequest,
  {engine, reporter, signal}: Transfer,
): Promise<readonly string[]> {
  return reporter.step(`signing ${normalisedName(reference)}`, async (note) => {
    const client = await engine.registry();
    return signImages(reference, request, {client, signal, note});
  });
}

export interface SigningPlace {
  readonly client: RegistryClient;
  readonly insecure?: boolean;
  readonly signal: AbortSignal;
  note(text: string): void;
}

/** Signs what was just pushed into a repository, before a tag leads to it; nothing that others said of it there. */
export async function signPushed(
  repository: Reference,
  pushed: readonly Digest[],
  key: SigningKey,
  place: SigningPlace,
): Promise<void> {
  const digest = pushed.at(-1);
  assert(digest !== undefined, 'an image has a manifest');
  const {tag: _, ...rest} = repository;
  const request = {
    key,
    forms: ['tag', 'bundle'],
    claims: {},
    isRecursive: false,
    attestations: true,
    only: new Set(pushed),
  } as const;
  await signImages({...rest, digest}, request, place);
}

async function signImages(
  reference: Reference,
  {key, forms, claims, isRecursive, attestations, only}: SignRequest,
  {client, insecure = false, signal, note}: SigningPlace,
): Promise<readonly string[]> {
  const reader = new RepositoryReader(client, reference, signal, {insecure});
  const writer = client.writer(reference, {insecure});
  const signer: Signer = {key, forms, reader, writer, signal, note};
  const root = await rootOf(reference, reader);
  const children = root.parsed.kind === 'index' ? root.parsed.index.manifests : [];
  const subjects = new Map(
    [root.descriptor, ...(isRecursive ? children : [])].map((one) => [one.digest, one]),
  );
  for (const subject of subjects.values()) await putSignature(subject, claims, signer);
  if (attestations) {
    const entries = root.parsed.kind === 'index' ? children : [root.descriptor];
    for (const image of entries.filter((entry) => !isBesideImages(entry)))
      for (const statement of await statementsOf(image, {entries, only}, reader))
        await putSignedStatement(image, statement, signer);
  }
  return [...subjects.keys()].map((digest) => `${repositoryName(reference)}@${digest}`);
}

interface FoundRoot {
  readonly descriptor: Descriptor;
  readonly parsed: ParsedManifest;
}

async function rootOf(reference: Reference, reader: RepositoryReader): Promise<FoundRoot> {
  const name = normalisedName(reference);
  const found = await reader.manifest(manifestName(reference));
  if (found === undefined) {
    throw buildError('user', 'registry-not-found', `${name} is not in its registry`, {
      hints: ['a signature lies beside the image in its registry: tsbuild push sends it there'],
    });
  }
  const {digest, bytes, mediaType} = found;
  if (reference.digest !== undefined && digest !== reference.digest)
    throw otherDigest(name, 'manifest', digest);
  return {descriptor: {mediaType, digest, size: bytes.length}, parsed: parseManifest(bytes, mediaType)};
}

/** What stands beside the image in its index, and what refers to it. */
async function statementsOf(
  image: Descriptor,
  {entries, only}: {readonly entries: readonly Descriptor[]; readonly only: SignRequest['only']},
  reader: RepositoryReader,
): Promise<readonly Statement[]> {
  const beside = entries.filter(({annotations}) => annotations?.[referenceDigestAnnotation] === image.digest);
  const referring = (await mayBeAttestations(image.digest, reader)).filter(
    ({digest}) => only?.has(digest) ?? true,
  );
  const manifests = new Map([...beside, ...referring].map((one) => [one.digest, one]));
  const statements: Statement[] = [];
  for (const {digest} of manifests.values()) {
    const found = await reader.manifest(digest);
    if (found?.digest !== digest) throw otherDigest(digest, 'manifest', found?.digest);
    const parsed = parseManifest(found.bytes, found.mediaType);
    const layers = parsed.kind === 'manifest' ? parsed.manifest.layers : [];
    for (const layer of layers.filter(({mediaType}) => mediaType === statementMediaType)) {
      const bytes = await reader.whole(layer, statementBytesMax);
      const got = bytes === undefined ? undefined : digestOf(bytes);
      if (bytes === undefined || got !== layer.digest) throw otherDigest(layer.digest, 'statement', got);
      const predicateType = layer.annotations?.[predicateTypeAnnotation] ?? '';
      if (!isStatementOf(bytes, image.digest, predicateType)) {
        const message = `${layer.digest} is listed as a statement about ${image.digest}, and is none: it is not signed`;
        throw buildError('environment', 'registry-invalid-answer', message);
      }
      statements.push({predicateType, bytes});
    }
  }
  return statements;
}

function otherDigest(asked: string, what: string, digest: Digest | undefined): Error {
  const got = digest === undefined ? `no ${what}` : `a ${what} of digest ${digest}`;
  const message = `${asked}: the registry answered with ${got}`;
  return buildError('environment', 'registry-wrong-digest', message);
}
