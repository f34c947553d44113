// What was fetched for a build, by what it was asked for: the digests of URLs and the commits of git refs, which only
// the fetching finds out, and the manifests that names of images meant.

import type {GitSource, HttpSource} from '../graph/op.ts';
import type {Digest} from '../oci/digest.ts';
import {formatPlatformVersion, type Platform} from '../oci/platform.ts';
import {withoutCredentials} from '../util/url-credentials.ts';

export interface FetchedHttp {
  readonly type: 'http';
  readonly url: string;
  readonly digest: Digest;
}

export interface FetchedGit {
  readonly type: 'git';
  readonly remote: string;
  readonly ref: string | undefined;
  readonly commit: string;
}

/** An image of a registry or the local store, as it was asked for. */
export interface ResolvedName {
  readonly reference: string;
  readonly platform: string;
  readonly digest: Digest;
}

export type FetchedSource = FetchedHttp | FetchedGit;

export class SourceLedger {
  readonly #images = new Map<string, ResolvedName>();
  readonly #entries = new Map<string, FetchedSource>();
  readonly #roots = new Map<Digest, Digest>();

  /** By the digest of an image's manifest what its name leads to: that, or the index it was found in. */
  get roots(): ReadonlyMap<string, Digest> {
    return this.#roots;
  }

  addRoot(manifest: Digest, root: Digest): void {
    this.#roots.set(manifest, root);
  }

  /** In the order of looking up; each once for each platform. */
  images(): readonly ResolvedName[] {
    return [...this.#images.values()];
  }

  addImage(reference: string, platform: Platform, digest: Digest): void {
    const name = formatPlatformVersion(platform);
    this.#images.set(`${reference} ${name}`, {reference, platform: name, digest});
  }

  /** In the order of fetching; each once. */
  entries(): readonly FetchedSource[] {
    return [...this.#entries.values()];
  }

  addHttp({url}: HttpSource, digest: Digest): void {
    const shown = withoutCredentials(url);
    this.#entries.set(`http ${shown}`, {type: 'http', url: shown, digest});
  }

  addGit({remote, ref}: GitSource, commit: string): void {
    const shown = withoutCredentials(remote);
    this.#entries.set(`git ${shown} ${ref ?? ''}`, {type: 'git', remote: shown, ref, commit});
  }
}
