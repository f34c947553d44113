// A pointer to content: what manifests and indexes are made of (image-spec descriptor.md).

import type {Digest} from './digest.ts';
import type {Platform} from './platform.ts';

/** A typed pointer to content (image-spec descriptor.md); `size` in bytes. JSON-shaped: this is what is written. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}
