// Which blobs an image leads to: an index to its manifests, a manifest to its config and layers; and which manifests
// are about one of these (image-spec, `subject`), as signatures and attestations are. What is missing leads nowhere.

import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {type Digest, hexOf, parseDigest} from '../oci/digest.ts';

/** Manifests and indexes are small; nothing larger is read to look for more. */
const documentMax = 8 * 1024 * 1024;
const referrerMax = 256 * 1024;

export class BlobReach {
  readonly #root: string;
  readonly #known = new Map<Digest, ReadonlySet<Digest>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Bytes of a blob in the store; 0: not there. */
  bytesOf(digest: Digest): number {
    return statSync(this.pathOf(digest), {throwIfNoEntry: false})?.size ?? 0;
  }

  pathOf(digest: Digest): string {
    return join(this.#root, 'blobs', 'sha256', hexOf(digest));
  }

  /** The blob itself and all that a manifest or index leads to. */
  from(digest: Digest): ReadonlySet<Digest> {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const reached = new Set<Digest>([digest]);
    this.#known.set(digest, reached);
    for (const member of membersOf(this.#documentOf(digest))) {
      if (member.kind === 'manifest') for (const one of this.from(member.digest)) reached.add(one);
      else reached.add(member.digest);
    }
    return reached;
  }

  /** The same without layers: a base image is remembered by them, its layers are things of their own. */
  documentsFrom(digest: Digest): ReadonlySet<Digest> {
    const reached = new Set<Digest>([digest]);
    for (const {digest: member, kind} of membersOf(this.#documentOf(digest))) {
      if (kind === 'config') reached.add(member);
      else if (kind === 'manifest') for (const one of this.documentsFrom(member)) reached.add(one);
    }
    return reached;
  }

  /**
   * Of `candidates`, what is about something in `reached`, or about another such manifest, with all that it leads to:
   * each with what it is about in the end.
   */
  referrers(candidates: Iterable<Digest>, reached: ReadonlySet<Digest>): ReadonlyMap<Digest, Digest> {
    const subjects = new Map<Digest, Digest>();
    for (const digest of candidates) {
      if (this.bytesOf(digest) > referrerMax) continue;
      const subject = subjectIn(this.#documentOf(digest));
      if (subject !== undefined) subjects.set(digest, subject);
    }
    const found = new Map<Digest, Digest>();
    for (let before = -1; before < found.size; ) {
      before = found.size;
      for (const [digest, subject] of subjects) {
        const about = reached.has(subject) ? subject : found.get(subject);
        if (about === undefined || found.has(digest)) continue;
        for (const part of this.from(digest)) found.set(part, about);
      }
    }
    return found;
  }

  #documentOf(digest: Digest): unknown {
    try {
      const path = this.pathOf(digest);
      if (statSync(path).size > documentMax) return undefined;
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      return undefined;
    }
  }
}

function subjectIn(document: unknown): Digest | undefined {
  const subject = (document as {subject?: {digest?: unknown}} | null | undefined)?.subject?.digest;
  return typeof subject === 'string' ? parseDigest(subject) : undefined;
}

interface Member {
  readonly digest: Digest;
  readonly kind: 'manifest' | 'config' | 'layer';
}

function membersOf(document: unknown): Member[] {
  if (typeof document !== 'object' || document === null) return [];
  const {manifests, config, layers} = document as Readonly<Record<string, unknown>>;
  const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  const member = (kind: Member['kind']) => (value: unknown) => {
    const text = (value as {digest?: unknown} | null | undefined)?.digest;
    const digest = typeof text === 'string' ? parseDigest(text) : undefined;
    return digest === undefined ? [] : [{digest, kind}];
  };
  return [
    ...asList(manifests).flatMap(member('manifest')),
    ...[config].flatMap(member('config')),
    ...asList(layers).flatMap(member('layer')),
  ];
}
