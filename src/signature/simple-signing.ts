// Signatures of images as cosign keeps them: a small document that names the image by digest ("simple signing", which
// containers/image invented), its signature as an annotation, all signatures of an image as the layers of one manifest
// under the tag sha256-HEX.sig. Pure.

import type {Descriptor} from '../oci/descriptor.ts';
import {type Digest, digestOf, hexOf} from '../oci/digest.ts';
import type {Manifest} from '../oci/manifest.ts';
import {mediaTypes} from '../oci/media-types.ts';
import {canonicalJson, type Json} from '../util/canonical-json.ts';
import type {SigningKey, VerifyingKey} from './keys.ts';
import type {Envelope} from './sigstore-bundle.ts';

export const payloadMediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const envelopeMediaType = 'application/vnd.dsse.envelope.v1+json';
const signatureAnnotation = 'dev.cosignproject.cosign/signature';
const payloadType = 'cosign container image signature';

export interface SignedPayload {
  readonly layer: Descriptor;
  readonly bytes: Uint8Array;
}

/** The tag that the signatures of an image are under, in its own repository. */
export function signatureTag(digest: Digest): string {
  return `sha256-${hexOf(digest)}.sig`;
}

/** The tag that signed statements about an image are under. */
export function attestationTag(digest: Digest): string {
  return `sha256-${hexOf(digest)}.att`;
}

/** A signed statement as cosign's tags have it; its signature is in the envelope. */
export function envelopeLayer(envelope: Envelope, predicateType: string): SignedPayload {
  const bytes = Buffer.from(canonicalJson(envelope));
  const layer: Descriptor = {
    mediaType: envelopeMediaType,
    digest: digestOf(bytes),
    size: bytes.length,
    annotations: {[signatureAnnotation]: '', predicateType},
  };
  return {layer, bytes};
}

/** `repository` as it is named to docker; `claims` is signed with the rest. */
export function signImage(
  digest: Digest,
  repository: string,
  claims: Readonly<Record<string, string>>,
  key: SigningKey,
): SignedPayload {
  const document: Json = {
    critical: {
      identity: {'docker-reference': repository},
      image: {'docker-manifest-digest': digest},
      type: payloadType,
    },
    optional: Object.keys(claims).length === 0 ? null : {...claims},
  };
  const bytes = Buffer.from(canonicalJson(document));
  const signature = Buffer.from(key.sign(bytes)).toString('base64');
  const layer: Descriptor = {
    mediaType: payloadMediaType,
    digest: digestOf(bytes),
    size: bytes.length,
    annotations: {[signatureAnnotation]: signature},
  };
  return {layer, bytes};
}

export interface SignatureManifest {
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
}

/** All signatures of one image, those that were there first. */
export function signatureManifest(layers: readonly Descriptor[]): SignatureManifest {
  const config = jsonBytes({
    architecture: '',
    os: '',
    config: {},
    rootfs: {type: 'layers', diff_ids: layers.map(({digest}) => digest)},
  });
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: {mediaType: mediaTypes.config, digest: digestOf(config), size: config.length},
    layers,
  };
  return {config, manifest: jsonBytes(manifest)};
}

/** Whether one of these is a signature of the same by the same key: with ECDSA each is another. */
export function isSignedIn(
  layers: readonly Descriptor[],
  {layer, bytes}: SignedPayload,
  key: VerifyingKey,
): boolean {
  return layers.some(({digest, annotations}) => {
    const signature = annotations?.[signatureAnnotation] ?? '';
    return digest === layer.digest && key.verify(bytes, Buffer.from(signature, 'base64'));
  });
}

/** Undefined: the key signed this image with it. A text: why it does not count. */
export function signatureProblem(
  {layer, bytes}: SignedPayload,
  digest: Digest,
  key: VerifyingKey,
): string | undefined {
  const signature = layer.annotations?.[signatureAnnotation];
  if (signature === undefined) return 'has no signature beside it';
  if (digestOf(bytes) !== layer.digest) return `has the digest ${digestOf(bytes)}, not ${layer.digest}`;
  if (!key.verify(bytes, Buffer.from(signature, 'base64'))) return 'was not made with this key';
  const critical = criticalOf(bytes);
  if (critical === undefined) return 'is no document about an image';
  if (critical.type !== payloadType) return `is a ${JSON.stringify(critical.type)}, not a "${payloadType}"`;
  const signed = critical.image?.['docker-manifest-digest'];
  return signed === digest ? undefined : `is of ${String(signed)}, not of ${digest}`;
}

interface Critical {
  readonly type?: unknown;
  readonly image?: {readonly 'docker-manifest-digest'?: unknown};
}

function criticalOf(bytes: Uint8Array): Critical | undefined {
  try {
    const {critical} = JSON.parse(Buffer.from(bytes).toString('utf8')) as {critical?: Critical | null};
    return critical ?? undefined;
  } catch {
    return undefined;
  }
}

function jsonBytes(value: object): Uint8Array {
  return Buffer.from(canonicalJson(value as Json));
}
