// Package URLs (purl-spec): how attestations name an image or a package.

import {byteOrder} from '../util/byte-order.ts';
import {formatPlatformVersion, type Platform} from './platform.ts';
import {isReferenceProblem, parseReference} from './reference.ts';

export interface PackageUrl {
  readonly type: string;
  readonly namespace?: string;
  readonly name: string;
  readonly version?: string;
  readonly qualifiers?: Readonly<Record<string, string | undefined>>;
}

/** Segments are percent-encoded one by one; qualifiers stand in byte order, those without a value are left out. */
export function packageUrl({type, namespace, name, version, qualifiers = {}}: PackageUrl): string {
  const path = [...(namespace?.split('/') ?? []), ...name.split('/')].map(encoded).join('/');
  const query = Object.entries(qualifiers)
    .filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')
    .toSorted(([a], [b]) => byteOrder(a, b))
    .map(([key, value]) => `${key}=${encoded(value)}`)
    .join('&');
  return `pkg:${type}/${path}${version ? `@${encoded(version)}` : ''}${query === '' ? '' : `?${query}`}`;
}

/** `pkg:docker/alpine@3.20?digest=sha256:…&platform=linux%2Famd64`, docker's own names short, as BuildKit has them. */
export function imagePackageUrl(name: string, platform: Platform, digest?: string): string {
  const reference = parseReference(name);
  if (isReferenceProblem(reference)) return packageUrl({type: 'docker', name});
  const {domain, path, tag} = reference;
  const short = domain === 'docker.io' ? path.replace(/^library\//, '') : `${domain}/${path}`;
  return packageUrl({
    type: 'docker',
    name: short,
    ...(tag === undefined && reference.digest !== undefined ? {} : {version: tag ?? 'latest'}),
    qualifiers: {digest: digest ?? reference.digest, platform: formatPlatformVersion(platform)},
  });
}

/** purl-spec leaves `:` as it is, which encodeURIComponent does not. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}
