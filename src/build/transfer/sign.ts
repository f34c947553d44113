// Signatures of images in registries, written and read: where cosign has them, beside the image, so that either tool
// reads what the other wrote.

import {buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import type {Digest} from '../../oci/digest.ts';
import {mediaTypes} from '../../oci/media-types.ts';
import {parseManifest} from '../../oci/parse-manifest.ts';
import {manifestName, normalisedName, type Reference, repositoryName} from '../../oci/reference.ts';
import type {SigningKey, VerifyingKey} from '../../signature/keys.ts';
import {
  payloadMediaType,
  signatureManifest,
  signatureProblem,
  signatureTag,
  signImage,
} from '../../signature/simple-signing.ts';
import {blobInMemory} from '../../sources/registry/push/stored-blob.ts';
import {RepositoryReader} from '../../sources/registry/repository-reader.ts';
import type {Transfer} from './transfer.ts';

export interface SignRequest {
  readonly key: SigningKey;
  /** Said in the signature. */
  readonly claims: Readonly<Record<string, string>>;
  /** Every image of an index, too. */
  readonly isRecursive: boolean;
}

/** Gives what was signed, as `REPOSITORY@DIGEST`. */
export async function signInRegistry(
  reference: Reference,
  {key, claims, isRecursive}: SignRequest,
  {engine, reporter, signal}: Transfer,
): Promise<readonly string[]> {
  const name = normalisedName(reference);
  return reporter.step(`signing ${name}`, async (note) => {
    const client = await engine.registry();
    const reader = new RepositoryReader(client, reference, signal);
    const repository = repositoryName(reference);
    const digests = await digestsOf(name, reference, reader, isRecursive);
    for (const digest of digests) {
      const tag = signatureTag(digest);
      const before = await layersToKeep(tag, reader);
      const payload = signImage(digest, repository, claims, key);
      const {config, manifest} = signatureManifest([...before, payload.layer]);
      const writer = client.writer(reference);
      for (const bytes of [payload.bytes, config]) await writer.putBlob(blobInMemory(bytes), signal);
      await writer.putManifest({mediaType: mediaTypes.manifest, bytes: manifest}, signal, tag);
      note(`signature ${before.length + 1} of ${digest} is in ${repository}:${tag}`);
    }
    return digests.map((digest) => `${repository}@${digest}`);
  });
}

/** Why no signature of `digest` counts; empty when one does. */
export async function signatureProblems(
  digest: Digest,
  reader: RepositoryReader,
  key: VerifyingKey,
): Promise<readonly string[]> {
  const layers = await signaturesAt(signatureTag(digest), reader);
  if (layers.length === 0) return [`${digest} is not signed`];
  const problems: string[] = [];
  for (const [index, layer] of layers.entries()) {
    const bytes = await reader.whole(layer);
    const problem = bytes === undefined ? 'is missing' : signatureProblem({layer, bytes}, digest, key);
    if (problem === undefined) return [];
    problems.push(`signature ${index + 1} of ${digest} ${problem}`);
  }
  return problems;
}

async function digestsOf(
  name: string,
  reference: Reference,
  reader: RepositoryReader,
  isRecursive: boolean,
): Promise<readonly Digest[]> {
  const found = await reader.manifest(manifestName(reference));
  if (found === undefined) {
    throw buildError('user', 'registry-not-found', `${name} is not in its registry`, {
      hints: ['a signature lies beside the image in its registry: tsbuild push sends it there'],
    });
  }
  if (reference.digest !== undefined && found.digest !== reference.digest) {
    const message = `${name}: the registry answered with a manifest of digest ${found.digest}`;
    throw buildError('environment', 'registry-wrong-digest', message);
  }
  const parsed = parseManifest(found.bytes, found.mediaType);
  const children = isRecursive && parsed.kind === 'index' ? parsed.index.manifests : [];
  return [...new Set([found.digest, ...children.map(({digest}) => digest)])];
}

/** Everything that is under the tag, which is written anew with it. */
async function layersToKeep(tag: string, reader: RepositoryReader): Promise<readonly Descriptor[]> {
  const found = await reader.manifest(tag);
  if (found === undefined) return [];
  const parsed = parseManifest(found.bytes, found.mediaType);
  if (parsed.kind === 'manifest') return parsed.manifest.layers;
  const message = `${tag} in the registry is no list of signatures, and is not overwritten`;
  throw buildError('environment', 'registry-invalid-answer', message);
}

async function signaturesAt(tag: string, reader: RepositoryReader): Promise<readonly Descriptor[]> {
  const found = await reader.manifest(tag);
  if (found === undefined) return [];
  const parsed = parseManifest(found.bytes, found.mediaType);
  return parsed.kind === 'manifest'
    ? parsed.manifest.layers.filter(({mediaType}) => mediaType === payloadMediaType)
    : [];
}
