// What was fetched for a build, by what it was asked for: the digests of URLs and the commits of git refs, which only
// the fetching finds out. Images have theirs in the plan.

import type {GitSource, HttpSource} from '../graph/op.ts';
import {withoutCredentials} from '../util/url-credentials.ts';

export interface FetchedHttp {
  readonly type: 'http';
  readonly url: string;
  readonly digest: string;
}

export interface FetchedGit {
  readonly type: 'git';
  readonly remote: string;
  readonly ref: string | undefined;
  readonly commit: string;
}

export type FetchedSource = FetchedHttp | FetchedGit;

export class SourceLedger {
  readonly #entries = new Map<string, FetchedSource>();

  /** In the order of fetching; each once. */
  entries(): readonly FetchedSource[] {
    return [...this.#entries.values()];
  }

  addHttp({url}: HttpSource, digest: string): void {
    const shown = withoutCredentials(url);
    this.#entries.set(`http ${shown}`, {type: 'http', url: shown, digest});
  }

  addGit({remote, ref}: GitSource, commit: string): void {
    const shown = withoutCredentials(remote);
    this.#entries.set(`git ${shown} ${ref ?? ''}`, {type: 'git', remote: shown, ref, commit});
  }
}
