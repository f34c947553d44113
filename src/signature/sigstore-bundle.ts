// Signatures as sigstore bundles, which cosign 3 makes and verifies: an in-toto statement in a DSSE envelope, with what
// verifies it, as one JSON document. Here that is a hint at a public key: a certificate of Fulcio's or an entry of a
// transparency log would have to be asked for on the internet. A bundle is the only layer of a manifest that has the
// image as its subject (cosign's specs/BUNDLE_SPEC.md). Pure.

import {statementMediaType, statementType} from '../oci/attestation-marks.ts';
import {jsonOf} from '../oci/checked-blobs.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import {type Digest, digestOf, hexOf} from '../oci/digest.ts';
import {mediaTypes} from '../oci/media-types.ts';
import {canonicalJson, type Json} from '../util/canonical-json.ts';
import type {SigningKey, VerifyingKey} from './keys.ts';

export const bundleMediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
/** Bundles of every version; the first ones had it as a parameter. */
const anyBundle = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.\d+)?\+json(?:;version=0\.\d+)?$/;
export const bundlePredicateAnnotation = 'dev.sigstore.bundle.predicateType';
/** What a statement says that does nothing but sign. */
export const signaturePredicateType = 'https://sigstore.dev/cosign/sign/v1';

/** DSSE's. */
export type Envelope = {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly {readonly sig: string}[];
};

export function isBundle(mediaType: string | undefined): boolean {
  return mediaType !== undefined && anyBundle.test(mediaType);
}

/** The statement that is signed of an image; `claims` are signed with it. */
export function signatureStatement(digest: Digest, claims: Readonly<Record<string, string>>): Uint8Array {
  return jsonBytes({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{digest: {sha256: hexOf(digest)}, annotations: {...claims}}],
    predicateType: signaturePredicateType,
    predicate: {},
  });
}

/** A statement in a DSSE envelope, signed. */
export function signedEnvelope(statement: Uint8Array, key: SigningKey): Envelope {
  return {
    payload: base64(statement),
    payloadType: statementMediaType,
    signatures: [{sig: base64(key.sign(preAuthenticated(statementMediaType, statement)))}],
  };
}

export interface BundleManifest {
  /** As a list of referrers has it. */
  readonly descriptor: Descriptor;
  /** The bundle and an empty config. */
  readonly blobs: readonly Uint8Array[];
  readonly manifest: Uint8Array;
}

export interface BundledStatement {
  readonly envelope: Envelope;
  readonly predicateType: string;
}

/** `created` in RFC 3339. */
export function bundleManifest(
  {envelope, predicateType}: BundledStatement,
  {mediaType, digest, size}: Descriptor,
  key: SigningKey,
  created: string,
): BundleManifest {
  const bundle = jsonBytes({
    mediaType: bundleMediaType,
    verificationMaterial: {publicKey: {hint: key.hint}},
    dsseEnvelope: envelope,
  });
  const config = jsonBytes({});
  const annotations = {
    'dev.sigstore.bundle.content': 'dsse-envelope',
    [bundlePredicateAnnotation]: predicateType,
    'org.opencontainers.image.created': created,
  };
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: bundleMediaType,
    config: {mediaType: mediaTypes.empty, digest: digestOf(config), size: config.length},
    layers: [{mediaType: bundleMediaType, digest: digestOf(bundle), size: bundle.length}],
    subject: {mediaType, digest, size},
    annotations,
  });
  const descriptor: Descriptor = {
    mediaType: mediaTypes.manifest,
    digest: digestOf(manifest),
    size: manifest.length,
    artifactType: bundleMediaType,
    annotations,
  };
  return {descriptor, blobs: [bundle, config], manifest};
}

/** What a bundle is worth as a signature of an image; `other`: it says something else of it. */
export type BundleVerdict = 'valid' | 'other' | {readonly problem: string};

export function bundleVerdict(bytes: Uint8Array, digest: Digest, key: VerifyingKey): BundleVerdict {
  const {predicateType, problem} = statementVerdict(envelopeInBundle(bytes), digest, key);
  if (predicateType !== undefined && predicateType !== signaturePredicateType) return 'other';
  return problem === undefined ? 'valid' : {problem};
}

/** What is worth of something signed as said of an image. */
export interface StatementVerdict {
  /** What it says it is; undefined: it is no statement. */
  readonly predicateType?: string;
  /** Why it does not count; undefined: it does. */
  readonly problem?: string;
}

export function statementVerdict(
  envelope: Envelope | undefined,
  digest: Digest,
  key: VerifyingKey,
): StatementVerdict {
  if (envelope === undefined) return {problem: 'holds no envelope of a statement'};
  const {payload, payloadType} = envelope;
  const parsed = jsonOf(Buffer.from(payload, 'base64'));
  if (payloadType !== statementMediaType || !statementType.test(String(parsed?.['_type'])))
    return {problem: 'holds no in-toto statement'};
  const predicateType = String(parsed?.['predicateType']);
  if (!isSignedBy(envelope, key)) return {predicateType, problem: 'was not made with this key'};
  const digests = subjectsOf(parsed);
  if (digests.includes(hexOf(digest))) return {predicateType};
  const of = digests.map((one) => `sha256:${String(one)}`).join(', ');
  return {predicateType, problem: `is of ${of}, not of ${digest}`};
}

/** Whether the bundle is of the very statement, by this key. */
export function isBundleOf(bytes: Uint8Array, statement: Uint8Array, key: VerifyingKey): boolean {
  const envelope = envelopeInBundle(bytes);
  if (envelope?.payloadType !== statementMediaType) return false;
  return envelope.payload === base64(statement) && isSignedBy(envelope, key);
}

function isSignedBy({payload, payloadType, signatures}: Envelope, key: VerifyingKey): boolean {
  const signed = preAuthenticated(payloadType, Buffer.from(payload, 'base64'));
  return signatures.some(({sig}) => key.verify(signed, Buffer.from(sig, 'base64')));
}

/**
 * May be signed as something said of an image: it is of that image alone, of the type that it is listed as, and no
 * signature, which whoever wrote it would so get for an image of his choice.
 */
export function isStatementOf(bytes: Uint8Array, digest: Digest, predicateType: string): boolean {
  const parsed = jsonOf(bytes);
  const subjects = subjectsOf(parsed);
  return (
    statementType.test(String(parsed?.['_type'])) &&
    parsed?.['predicateType'] === predicateType &&
    predicateType !== signaturePredicateType &&
    subjects.length > 0 &&
    subjects.every((subject) => subject === hexOf(digest))
  );
}

/** The sha256 of each, in hexadecimal where it is right. */
function subjectsOf(statement: ReturnType<typeof jsonOf>): readonly unknown[] {
  const subjects: unknown = statement?.['subject'];
  return (Array.isArray(subjects) ? subjects : []).map(
    (subject: unknown) => (subject as {digest?: {sha256?: unknown}} | null)?.digest?.sha256,
  );
}

export function envelopeInBundle(bytes: Uint8Array): Envelope | undefined {
  return envelopeOf(jsonOf(bytes)?.['dsseEnvelope']);
}

/** An envelope by itself, as cosign's tags have it. */
export function envelopeIn(bytes: Uint8Array): Envelope | undefined {
  return envelopeOf(jsonOf(bytes));
}

function envelopeOf(json: unknown): Envelope | undefined {
  const {payload, payloadType, signatures} = (json ?? {}) as Partial<Envelope>;
  if (typeof payload !== 'string' || typeof payloadType !== 'string' || !Array.isArray(signatures))
    return undefined;
  const isSignature = (one: unknown): one is {sig: string} =>
    typeof (one as {sig?: unknown} | null)?.sig === 'string';
  return signatures.every(isSignature) ? {payload, payloadType, signatures} : undefined;
}

/** What DSSE signs (its protocol.md, "PAE"): the type belongs to what is signed. */
function preAuthenticated(type: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function jsonBytes(value: Json): Uint8Array {
  return Buffer.from(canonicalJson(value));
}
