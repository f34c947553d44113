// What `--attest` asks for, as data.

export interface ProvenanceRequest {
  /** `min` tells what was built from what; `max` also how: build arguments, the Dockerfile, every step. */
  readonly mode: 'min' | 'max';
  /** Of SLSA's predicate. */
  readonly version: 'v1' | 'v0.2';
  /** Only where an image can carry it, not as a file beside exported trees. */
  readonly inlineOnly: boolean;
}

export interface AttestRequest {
  readonly provenance?: ProvenanceRequest;
  /** A bill of materials by our own scanner. */
  readonly sbom?: true;
}
