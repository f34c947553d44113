// The dependencies of an image: every image, URL and git ref that its graph begins with, with what they were at the
// time of the build (SLSA's resolvedDependencies, v0.2's materials). As BuildKit names them: an image has the digest of
// the index that its name leads to, if there is one.

import type {Vertex} from '../graph/vertex.ts';
import {imagePackageUrl} from '../oci/package-url.ts';
import {byteOrder} from '../util/byte-order.ts';
import type {FetchedSource} from './source-ledger.ts';

export interface Material {
  readonly uri: string;
  readonly digest: Readonly<Record<string, string>>;
}

/** Every vertex below `target`, inputs first, each once. */
export function verticesOf(target: Vertex | undefined): readonly Vertex[] {
  const seen = new Set<Vertex>();
  const visit = (vertex: Vertex): void => {
    if (seen.has(vertex)) return;
    for (const input of vertex.inputs) visit(input);
    seen.add(vertex);
  };
  if (target !== undefined) visit(target);
  return [...seen];
}

/** Images, repositories and URLs, of each kind in the order of their URIs, each once. */
export function materialsOf(
  vertices: readonly Vertex[],
  fetched: readonly FetchedSource[],
  roots: ReadonlyMap<string, string>,
): readonly Material[] {
  const materials = new Map<string, Material>();
  const add = (uri: string, digest: Material['digest']): void => void materials.set(uri, {uri, digest});
  for (const {op} of vertices) {
    if (op.kind !== 'source' || op.source.type !== 'image') continue;
    const {reference, manifestDigest, platform} = op.source;
    add(imagePackageUrl(reference, platform), {
      sha256: hexOfText(roots.get(manifestDigest) ?? manifestDigest),
    });
  }
  const images = inOrder(materials.values());
  const others = (type: FetchedSource['type']): readonly Material[] =>
    inOrder(fetched.filter((source) => source.type === type).map(fetchedMaterial));
  return [...images, ...others('git'), ...others('http')];
}

export function fetchedMaterial(source: FetchedSource): Material {
  if (source.type === 'http') return {uri: source.url, digest: {sha256: hexOfText(source.digest)}};
  const {remote, ref, commit} = source;
  return {uri: gitUri(remote, ref), digest: {[commit.length === 64 ? 'sha256' : 'sha1']: commit}};
}

function inOrder(materials: Iterable<Material>): readonly Material[] {
  return [...materials].toSorted((a, b) => byteOrder(a.uri, b.uri));
}

export function gitUri(remote: string, ref: string | undefined): string {
  return ref === undefined || ref === '' ? remote : `${remote}#${ref}`;
}

function hexOfText(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}
