// By what attestations are told from images: BuildKit's annotations in an index, and the media types of in-toto.

import type {Descriptor} from './descriptor.ts';

/** What a statement says that it is, of both versions. */
export const statementType = /^https:\/\/in-toto\.io\/Statement\/v(?:0\.1|1)$/;
export const statementMediaType = 'application/vnd.in-toto+json';
/** Of a layer: what its statement says. */
export const predicateTypeAnnotation = 'in-toto.io/predicate-type';
export const attestationArtifactType = 'application/vnd.docker.attestation.manifest.v1+json';
/** Of an entry of an index: the image that it is about, and that it is about one. */
export const referenceDigestAnnotation = 'vnd.docker.reference.digest';
export const referenceTypeAnnotation = 'vnd.docker.reference.type';
export const attestationReferenceType = 'attestation-manifest';

/** An entry of an index that stands beside images and is none. */
export function isBesideImages({platform, annotations}: Descriptor): boolean {
  return platform?.os === 'unknown' || annotations?.[referenceTypeAnnotation] !== undefined;
}
