// What BuildKit's solver would see of one of our vertices: the digests that its op may have had, in all the versions
// that are known here, and of each input how it counts. One of our vertices can be several of BuildKit's (a heredoc
// is a vertex of its own there), so steps refer to steps.

import type {Vertex} from '../../graph/vertex.ts';
import {digestOf} from '../../oci/digest.ts';
import type {ChecksumPlace} from '../../tree/buildkit-checksum.ts';

export interface BuildkitStep {
  /** Of its result 0, as records have it. None: only what is in it can be matched. */
  readonly digests: ReadonlySet<string>;
  readonly inputs: readonly BuildkitInput[];
}

export interface BuildkitInput {
  /** A vertex of ours, or a step that only BuildKit has. */
  readonly from: Vertex | BuildkitStep;
  /** Digests of the paths that are read, one of which a link by what made the input has; '' for none. */
  readonly selectors: readonly string[];
  /** What is read, where an input may be matched by its content. Empty: all of it. */
  readonly places?: readonly ChecksumPlace[];
}

export function isVertex(from: Vertex | BuildkitStep): from is Vertex {
  return 'op' in from;
}

/**
 * Owners are in no checksum of BuildKit's: what is in an input tells enough only where all of it is root's. Files of
 * images and stages are told apart by what made them.
 */
export function hasOneOwner(from: Vertex | BuildkitStep): boolean {
  return !isVertex(from) || (from.op.kind === 'source' && from.op.source.type !== 'image');
}

/** The digest of a cache map, as records know its result with this number. */
export function recordDigest(digest: string, output = 0): string {
  return digestOf(`${digest}@${output}`);
}

/** How records know a content checksum. */
export function contentDigest(checksum: string): string {
  return recordDigest(checksum, -1);
}

/** The selector of these paths, in the order in which BuildKit puts them. */
export function selectorOf(paths: readonly string[]): string {
  return digestOf(paths.join('\0'));
}
