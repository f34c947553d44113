// Manifests and indexes as JSON has them; parse-manifest.ts makes them of untrusted bytes.

import type {Descriptor} from './descriptor.ts';

/** An image manifest (image-spec manifest.md), or docker's schema 2 with the same members. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image index (image-spec image-index.md), or docker's manifest list with the same members. */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}
