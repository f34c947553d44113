// Signatures and signed statements of one repository, written and read in both of cosign's forms: as layers under a tag
// that the digest gives (cosign 2), and as sigstore bundles that refer to the image (cosign 3), so that either tool
// reads what the other wrote.

import {buildError} from '../../diagnostics/build-error.ts';
import {predicateTypeAnnotation, statementMediaType} from '../../oci/attestation-marks.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {type Digest, digestOf} from '../../oci/digest.ts';
import {mediaTypes} from '../../oci/media-types.ts';
import {parseManifest} from '../../oci/parse-manifest.ts';
import type {SigningKey, VerifyingKey} from '../../signature/keys.ts';
import {
  type BundledStatement,
  bundleManifest,
  bundlePredicateAnnotation,
  bundleVerdict,
  type Envelope,
  envelopeIn,
  envelopeInBundle,
  isBundle,
  isBundleOf,
  signaturePredicateType,
  signatureStatement,
  signedEnvelope,
  statementVerdict,
} from '../../signature/sigstore-bundle.ts';
import {
  attestationTag,
  envelopeLayer,
  envelopeMediaType,
  isSignedIn,
  payloadMediaType,
  type SignedPayload,
  signatureManifest,
  signatureProblem,
  signatureTag,
  signImage,
} from '../../signature/simple-signing.ts';
import {tellReferrers} from '../../sources/registry/push/referrers.ts';
import type {RepositoryWriter} from '../../sources/registry/push/repository-writer.ts';
import {blobInMemory} from '../../sources/registry/push/stored-blob.ts';
import type {RepositoryReader} from '../../sources/registry/repository-reader.ts';
import {systemClock} from '../../util/clock.ts';

/** As scanners write them, which list every file. */
export const statementBytesMax = 256 * 1024 * 1024;

export type SignatureForm = 'tag' | 'bundle';

/** One repository, and who signs in it. */
export interface Signer {
  readonly key: SigningKey;
  readonly forms: readonly SignatureForm[];
  readonly reader: RepositoryReader;
  readonly writer: RepositoryWriter;
  readonly signal: AbortSignal;
  note(text: string): void;
}

/** `claims` are said in the signature. What the key has said of the image before is not said again. */
export async function putSignature(
  subject: Descriptor,
  claims: Readonly<Record<string, string>>,
  signer: Signer,
): Promise<void> {
  const {digest} = subject;
  const {key, forms, writer} = signer;
  if (forms.includes('tag'))
    await putUnderTag(signatureTag(digest), signImage(digest, writer.name, claims, key), signer);
  if (forms.includes('bundle')) {
    const statement = signatureStatement(digest, claims);
    if (await isBundled(digest, statement, signer)) return;
    const envelope = signedEnvelope(statement, key);
    await putBundle(subject, {envelope, predicateType: signaturePredicateType}, signer);
  }
}

export interface Statement {
  readonly predicateType: string;
  readonly bytes: Uint8Array;
}

/** Signs what is said of an image. */
export async function putSignedStatement(
  subject: Descriptor,
  {predicateType, bytes}: Statement,
  signer: Signer,
): Promise<void> {
  const envelope = signedEnvelope(bytes, signer.key);
  if (signer.forms.includes('tag'))
    await putUnderTag(attestationTag(subject.digest), envelopeLayer(envelope, predicateType), signer);
  if (signer.forms.includes('bundle')) await putBundle(subject, {envelope, predicateType}, signer);
}

/** Everything that is under the tag stays under it. */
async function putUnderTag(tag: string, payload: SignedPayload, signer: Signer): Promise<void> {
  const {layer, bytes} = payload;
  const {key, reader, writer, signal, note} = signer;
  const before = await layersUnder(tag, reader);
  if (before === undefined) {
    const message = `${tag} in the registry is no list of signatures, and is not overwritten`;
    throw buildError('environment', 'registry-invalid-answer', message);
  }
  if (isSignedIn(before, payload, key)) {
    note(`the signature is in ${writer.name}:${tag} already`);
    return;
  }
  const {config, manifest} = signatureManifest([...before, layer]);
  for (const blob of [bytes, config]) await writer.putBlob(blobInMemory(blob), signal);
  await writer.putManifest({mediaType: mediaTypes.manifest, bytes: manifest}, signal, tag);
  note(`signature ${before.length + 1} is in ${writer.name}:${tag}`);
}

async function isBundled(
  digest: Digest,
  statement: Uint8Array,
  {key, reader, note}: Signer,
): Promise<boolean> {
  for (const referrer of await bundlesOf(digest, reader)) {
    const bytes = await bundleIn(referrer, reader);
    if (bytes === undefined || !isBundleOf(bytes, statement, key)) continue;
    note(`bundle ${referrer.digest} refers to ${digest} already`);
    return true;
  }
  return false;
}

async function putBundle(subject: Descriptor, statement: BundledStatement, signer: Signer): Promise<void> {
  const {key, writer, signal, note} = signer;
  const created = new Date(systemClock.nowMs()).toISOString();
  const {blobs, manifest, descriptor} = bundleManifest(statement, subject, key, created);
  for (const blob of blobs) await writer.putBlob(blobInMemory(blob), signal);
  await writer.putManifest({mediaType: descriptor.mediaType, bytes: manifest}, signal);
  const keeper = await tellReferrers(writer, subject.digest, [descriptor], signal);
  note(`bundle ${descriptor.digest} refers to ${subject.digest}, as its ${keeper} says in ${writer.name}`);
}

/** Why no signature of `digest` counts; empty when one does. */
export async function signatureProblems(
  digest: Digest,
  reader: RepositoryReader,
  key: VerifyingKey,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const layers = (await layersUnder(signatureTag(digest), reader)) ?? [];
  const payloads = layers.filter(({mediaType}) => mediaType === payloadMediaType);
  for (const [index, layer] of payloads.entries()) {
    const bytes = await reader.whole(layer);
    const problem = bytes === undefined ? 'is missing' : signatureProblem({layer, bytes}, digest, key);
    if (problem === undefined) return [];
    problems.push(`signature ${index + 1} of ${digest} ${problem}`);
  }
  for (const referrer of await bundlesOf(digest, reader)) {
    const bytes = await bundleIn(referrer, reader);
    const verdict = bytes === undefined ? {problem: 'is missing'} : bundleVerdict(bytes, digest, key);
    if (verdict === 'valid') return [];
    if (verdict !== 'other')
      problems.push(`bundle ${referrer.digest.slice(0, 19)} of ${digest} ${verdict.problem}`);
  }
  return problems.length > 0 ? problems : [`${digest} is not signed`];
}

/**
 * What is wrong with what is signed as said of `digest`: of each kind of statement one has to be by the key, as others
 * may sign theirs; and what refers to the image from outside its index has to be signed, since nothing else vouches
 * for it.
 */
export async function attestationProblems(
  digest: Digest,
  reader: RepositoryReader,
  key: VerifyingKey,
): Promise<readonly string[]> {
  const problems = new Map<string, string[]>();
  const vouchedFor = new Map<string, Set<Digest>>();
  for await (const {place, envelope} of signedStatements(digest, reader)) {
    const {predicateType = '', problem} = statementVerdict(envelope, digest, key);
    if (predicateType === signaturePredicateType) continue;
    if (problem === undefined && envelope !== undefined) {
      const signed = vouchedFor.get(predicateType) ?? new Set();
      vouchedFor.set(predicateType, signed.add(digestOf(Buffer.from(envelope.payload, 'base64'))));
    } else problems.set(predicateType, [...(problems.get(predicateType) ?? []), `${place} ${problem}`]);
  }
  const unsigned: string[] = [];
  for (const {digest: said, predicateType} of await referringStatements(digest, reader)) {
    const vouched = vouchedFor.get(predicateType);
    // Of a kind that nobody vouches for, what is wrong is told below.
    if (vouched?.has(said) || (vouched === undefined && problems.has(predicateType))) continue;
    unsigned.push(`${said}, which says ${predicateType} of ${digest}, is not signed`);
  }
  const refused = [...problems].flatMap(([type, texts]) => (vouchedFor.has(type) ? [] : texts));
  return [...refused, ...unsigned];
}

interface SignedStatement {
  readonly place: string;
  readonly envelope: Envelope | undefined;
}

async function* signedStatements(digest: Digest, reader: RepositoryReader): AsyncGenerator<SignedStatement> {
  const layers = (await layersUnder(attestationTag(digest), reader)) ?? [];
  const envelopes = layers.filter(({mediaType}) => mediaType === envelopeMediaType);
  for (const [index, layer] of envelopes.entries()) {
    const bytes = await reader.whole(layer, statementBytesMax);
    const isWhole = bytes !== undefined && digestOf(bytes) === layer.digest;
    const envelope = isWhole ? envelopeIn(bytes) : undefined;
    yield {place: `attestation ${index + 1} of ${digest}`, envelope};
  }
  for (const referrer of await bundlesOf(digest, reader, () => true)) {
    const bytes = await bundleIn(referrer, reader);
    const envelope = bytes === undefined ? undefined : envelopeInBundle(bytes);
    yield {place: `bundle ${referrer.digest.slice(0, 19)} of ${digest}`, envelope};
  }
}

/** Statements of attestations that are in no index. */
async function referringStatements(
  digest: Digest,
  reader: RepositoryReader,
): Promise<readonly {readonly digest: Digest; readonly predicateType: string}[]> {
  const attestations = await mayBeAttestations(digest, reader);
  const layers = await Promise.all(attestations.map((one) => layersUnder(one.digest, reader)));
  return layers.flat().flatMap((layer) => {
    if (layer?.mediaType !== statementMediaType) return [];
    return {digest: layer.digest, predicateType: layer.annotations?.[predicateTypeAnnotation] ?? ''};
  });
}

/** What refers to an image and is no bundle: what it is its layers say, not whoever keeps the list. */
export async function mayBeAttestations(
  digest: Digest,
  reader: RepositoryReader,
): Promise<readonly Descriptor[]> {
  return (await reader.referrers(digest)).filter(({artifactType}) => !isBundle(artifactType));
}

/** Of other statements a list may say what they are. */
async function bundlesOf(
  digest: Digest,
  reader: RepositoryReader,
  isWanted = (predicateType: string): boolean => predicateType === signaturePredicateType,
): Promise<readonly Descriptor[]> {
  return (await reader.referrers(digest)).filter(({artifactType, annotations}) => {
    const told = annotations?.[bundlePredicateAnnotation] ?? signaturePredicateType;
    return isBundle(artifactType) && isWanted(told);
  });
}

async function bundleIn({digest}: Descriptor, reader: RepositoryReader): Promise<Uint8Array | undefined> {
  const [layer] = (await layersUnder(digest, reader)) ?? [];
  return layer === undefined ? undefined : reader.whole(layer, statementBytesMax);
}

/** By tag or digest; undefined where something else is under the tag. */
async function layersUnder(
  tag: string,
  reader: RepositoryReader,
): Promise<readonly Descriptor[] | undefined> {
  const found = await reader.manifest(tag);
  if (found === undefined) return [];
  const parsed = parseManifest(found.bytes, found.mediaType);
  return parsed.kind === 'manifest' ? parsed.manifest.layers : undefined;
}
