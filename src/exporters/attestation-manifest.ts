// Attestations of an image as the image that carries them: a manifest whose layers are in-toto statements about it.
// BuildKit's form stands beside the image in its index, for the platform unknown/unknown, and names it in annotations;
// as an OCI artifact (`oci-artifact=true`) it has a `subject` too, and no config.

import {
  attestationArtifactType,
  attestationReferenceType,
  predicateTypeAnnotation,
  referenceDigestAnnotation,
  referenceTypeAnnotation,
  statementMediaType,
} from '../oci/attestation-marks.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import {type Digest, digestOf, hexOf} from '../oci/digest.ts';
import {mediaTypes} from '../oci/media-types.ts';
import type {Json} from '../util/canonical-json.ts';
import {jsonBytes} from './assemble.ts';
import type {Attestation} from './exporter.ts';

export interface AttestationManifest {
  /** As the index lists it. */
  readonly descriptor: Descriptor;
  /** Everything that it is made of, itself last. */
  readonly blobs: readonly Uint8Array[];
}

export interface AttestedImage {
  readonly manifest: Descriptor;
  /** Package URLs by which the image is known; statements name it by each. */
  readonly names: readonly string[];
}

/** What a statement is about. */
export interface Subject {
  readonly name: string;
  readonly digest: {readonly sha256: string};
}

/** Statements of one image; undefined when there is nothing to say. */
export function attestationManifest(
  image: AttestedImage,
  attestations: readonly Attestation[],
  isArtifact: boolean,
): AttestationManifest | undefined {
  if (attestations.length === 0) return undefined;
  const statements = attestations.map((attestation) => statementBytes(image, attestation));
  const layers = statements.map(
    (bytes, index): Descriptor => ({
      mediaType: statementMediaType,
      digest: digestOf(bytes),
      size: bytes.length,
      annotations: {[predicateTypeAnnotation]: attestations[index]?.predicateType ?? ''},
    }),
  );
  const config = isArtifact ? jsonBytes({}) : unknownConfig(layers.map(({digest}) => digest));
  const {mediaType, digest, size} = image.manifest;
  const bytes = jsonBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    ...(isArtifact ? {artifactType: attestationArtifactType} : {}),
    config: {
      mediaType: isArtifact ? mediaTypes.empty : mediaTypes.config,
      digest: digestOf(config),
      size: config.length,
    },
    layers,
    ...(isArtifact ? {subject: {mediaType, digest, size}} : {}),
  });
  const descriptor: Descriptor = {
    mediaType: mediaTypes.manifest,
    digest: digestOf(bytes),
    size: bytes.length,
    platform: {os: 'unknown', architecture: 'unknown'},
    ...(isArtifact ? {artifactType: attestationArtifactType} : {}),
    annotations: {
      [referenceDigestAnnotation]: digest,
      [referenceTypeAnnotation]: attestationReferenceType,
    },
  };
  return {descriptor, blobs: [...statements, config, bytes]};
}

/** in-toto statement version 0.1, which is what BuildKit writes and its readers expect. */
function statementBytes({manifest, names}: AttestedImage, attestation: Attestation): Uint8Array {
  const digest = {sha256: hexOf(manifest.digest)};
  const subjects = (names.length === 0 ? ['_'] : names).map((name) => ({name, digest}));
  return jsonBytes(statementOf(subjects, attestation));
}

export function statementOf(
  subject: readonly Subject[],
  {predicateType, predicate}: Pick<Attestation, 'predicateType' | 'predicate'>,
): {readonly [key: string]: Json} {
  return {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType,
    subject: subject.map(({name, digest}) => ({name, digest})),
    predicate: {...predicate} as Json,
  };
}

/** What runtimes see that take it for an image: one for no machine at all. */
function unknownConfig(diffIds: readonly Digest[]): Uint8Array {
  return jsonBytes({
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: {type: 'layers', diff_ids: diffIds},
  });
}
