// What `--attest` asks for, as data.

export interface ProvenanceRequest {
  /** `min` tells what was built from what; `max` also how: build arguments, the Dockerfile, every step. */
  readonly mode: 'min' | 'max';
  /** Of SLSA's predicate. */
  readonly version: 'v1' | 'v0.2';
  /** Only where an image can carry it, not as a file beside exported trees. */
  readonly inlineOnly: boolean;
}

export interface SbomRequest {
  /** Image of a scanner that speaks BuildKit's protocol; undefined: our own scanner. */
  readonly generator: string | undefined;
  /** The scanner image's parameters: `BUILDKIT_SCAN_<NAME>` in its environment. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface AttestRequest {
  readonly provenance?: ProvenanceRequest;
  readonly sbom?: SbomRequest;
}
