// Image references by docker's rules (distribution/reference, "grammar" in its package comment):
//   [domain[:port]/]path[:tag][@digest]
// The first component is a domain when it holds a dot, a colon or an upper-case letter, or is `localhost`; without one
// the image is docker.io's, and a bare name there is in `library/`. Texts of problems are docker's, since people search
// for them.

import {type Digest, parseDigest} from './digest.ts';

export interface Reference {
  /** Registry as users name it, with its port: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** Repository in the registry: `library/busybox`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

export interface ReferenceProblem {
  readonly problem: string;
}

export const defaultDomain = 'docker.io';
const legacyDefaultDomain = 'index.docker.io';
const officialPrefix = 'library/';
const defaultTag = 'latest';
const nameLengthMax = 255;

const domainLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domainPattern = new RegExp(
  `^(?:${domainLabel}(?:\\.${domainLabel})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`,
);
const pathPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** Parses what a user may write after FROM or -t. A missing tag stays missing: see `normalisedName`. */
export function parseReference(text: string): Reference | ReferenceProblem {
  if (text === '') return {problem: 'invalid reference format: empty image name'};
  if (/^[a-f0-9]{64}$/.test(text)) {
    return {problem: `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`};
  }
  const {domain, remainder} = splitDomain(text);
  // docker looks at the case of the name before anything else, so that `Ubuntu:22.04` gets the helpful message.
  const nameAsWritten = remainder.split(':', 1)[0] ?? '';
  if (nameAsWritten !== nameAsWritten.toLowerCase()) {
    return {problem: `invalid reference format: repository name (${nameAsWritten}) must be lowercase`};
  }

  const at = remainder.indexOf('@');
  const named = at < 0 ? remainder : remainder.slice(0, at);
  const colon = named.indexOf(':');
  const path = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const digestText = at < 0 ? undefined : remainder.slice(at + 1);

  if (!domainPattern.test(domain) || !pathPattern.test(path)) return {problem: 'invalid reference format'};
  if (tag !== undefined && !tagPattern.test(tag)) return {problem: 'invalid reference format'};
  if (path.length > nameLengthMax) {
    return {problem: `repository name must not be more than ${nameLengthMax} characters`};
  }
  const digest = digestText === undefined ? undefined : readDigest(digestText);
  if (digest !== undefined && typeof digest !== 'string') return digest;
  return {domain, path, ...(tag === undefined ? {} : {tag}), ...(digest === undefined ? {} : {digest})};
}

export function isReferenceProblem(value: Reference | ReferenceProblem): value is ReferenceProblem {
  return 'problem' in value;
}

/** `docker.io/library/busybox:latest`: everything spelled out; with a digest the tag is not filled in. */
export function normalisedName(reference: Reference): string {
  const tag = reference.tag ?? (reference.digest === undefined ? defaultTag : undefined);
  return withSuffixes(repositoryName(reference), tag, reference.digest);
}

/** The shortest spelling that means the same, as `docker images` shows it: `busybox`, `me/app:1`. */
export function familiarName(reference: Reference): string {
  let name = repositoryName(reference);
  if (reference.domain === defaultDomain) {
    const [first = '', ...rest] = reference.path.split('/');
    // `docker.io/a.b/c` without its domain would be read as the registry a.b.
    const official = `${first}/` === officialPrefix && rest.length === 1;
    if (official) name = rest.join('/');
    else if (!looksLikeDomain(first)) name = reference.path;
  }
  return withSuffixes(name, reference.tag, reference.digest);
}

/** Domain and path without tag and digest: `docker.io/library/busybox`. */
/** As docker: with a tag of letters and digits it would look like the beginning of an ID. */
export function looksLikeId(reference: Reference): boolean {
  return repositoryName(reference) === 'docker.io/library/sha256';
}

export function repositoryName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** What to ask a registry for: the digest when there is one, the tag otherwise. */
export function manifestName(reference: Reference): string {
  return reference.digest ?? reference.tag ?? defaultTag;
}

function withSuffixes(name: string, tag: string | undefined, digest: Digest | undefined): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function splitDomain(text: string): {domain: string; remainder: string} {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  let domain = defaultDomain;
  let remainder = text;
  if (slash >= 0 && looksLikeDomain(first)) {
    domain = first === legacyDefaultDomain ? defaultDomain : first;
    remainder = text.slice(slash + 1);
  }
  if (domain === defaultDomain && !remainder.includes('/')) remainder = officialPrefix + remainder;
  return {domain, remainder};
}

function looksLikeDomain(component: string): boolean {
  return /[.:]/.test(component) || component === 'localhost' || component !== component.toLowerCase();
}

function readDigest(text: string): Digest | ReferenceProblem {
  if (!digestPattern.test(text)) return {problem: 'invalid reference format'};
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  if (!text.startsWith('sha256:')) return {problem: `unsupported digest algorithm: ${text.split(':', 1)[0]}`};
  return {problem: text.length === 71 ? 'invalid checksum digest format' : 'invalid checksum digest length'};
}
