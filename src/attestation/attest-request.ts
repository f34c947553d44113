// What `--attest` asks for, as data.

export interface ProvenanceRequest {
  /** `min` tells what was built from what; `max` also how: build arguments, the Dockerfile, every step. */
  readonly mode: 'min' | 'max';
  /** Of SLSA's predicate. */
  readonly version: 'v1' | 'v0.2';
  /** Only where an image can carry it, not as a file beside exported trees. */
  readonly inlineOnly: boolean;
  /** Who vouches for the build, a URI; undefined: nobody. */
  readonly builderId?: string;
  /** The user's word that another build gives the same image. */
  readonly isReproducible?: boolean;
}

/** An image that makes bills of materials by BuildKit's protocol. */
export interface SbomGenerator {
  /** Normalised. */
  readonly image: string;
  /** Variables of its environment. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface AttestRequest {
  readonly provenance?: ProvenanceRequest;
  /** A bill of materials: true means by our own scanner. */
  readonly sbom?: true | SbomGenerator;
}
