// Three brands of sha256, because handing one where another is meant is the classic OCI mistake: a Digest names
// bytes as stored (perhaps compressed), a DiffId the uncompressed tar, a ChainId a stack of DiffIds
// (image-spec config.md, "Layer ChainID").

import {createHash, hash} from 'node:crypto';
import {assert} from '../util/assert.ts';

declare const brand: unique symbol;
export type Branded<T, Name extends string> = T & {readonly [brand]: Name};

export type Digest = Branded<`sha256:${string}`, 'Digest'>;
export type DiffId = Branded<`sha256:${string}`, 'DiffId'>;
export type ChainId = Branded<`sha256:${string}`, 'ChainId'>;

const pattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): boolean {
  return pattern.test(text);
}

/** Mints a Digest from text; undefined unless it is `sha256:` and 64 lower-case hex digits. */
export function parseDigest(text: string): Digest | undefined {
  return pattern.test(text) ? (text as Digest) : undefined;
}

export function parseDiffId(text: string): DiffId | undefined {
  return pattern.test(text) ? (text as DiffId) : undefined;
}

export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${hash('sha256', bytes, 'hex')}` as Digest;
}

/** The 64 hex digits. */
export function hexOf(digest: Digest | DiffId | ChainId): string {
  return digest.slice(7);
}

/** ChainID(L0..Ln) = sha256(ChainID(L0..Ln-1) + " " + DiffID(Ln)); of one layer its DiffId. */
export function chainIdOf(diffIds: readonly DiffId[]): ChainId {
  assert(diffIds.length > 0, 'a chain has at least one layer');
  return diffIds.slice(1).reduce<string>((chain, diffId) => {
    return `sha256:${createHash('sha256').update(`${chain} ${diffId}`).digest('hex')}`;
  }, diffIds[0] as string) as ChainId;
}
