// The repository behind a git source: its address, who asks for it, and which commit a name of it means now.
// Credentials in an address become a header, so that neither what git remembers nor a message holds them.

import {Buffer} from 'node:buffer';
import {buildError} from '../../diagnostics/build-error.ts';
import type {GitRun} from '../../helper/git-process.ts';
import {withoutCredentials} from '../../util/url-credentials.ts';

export interface GitRemote {
  /** Without a password. */
  readonly address: string;
  readonly header?: NonNullable<GitRun['header']>;
}

type Secrets = Readonly<Record<string, Uint8Array>>;

/**
 * `secrets` are those of the build: GIT_AUTH_HEADER and GIT_AUTH_TOKEN, with `.HOST` for one host only, count more
 * than what the address says.
 */
export function gitRemoteOf(text: string, secrets: Secrets): GitRemote {
  if (!/^https?:\/\//i.test(text)) return {address: withoutPassword(text)};
  const url = urlOf(text);
  const {username, password, host} = url;
  url.username = '';
  url.password = '';
  const address = url.href;
  const value =
    headerIn(secrets, host) ?? (username + password === '' ? undefined : basic(username, password));
  if (value === undefined) return {address};
  // On GitHub one token is commonly good for the submodules too, which are repositories of their own.
  const scope = host === 'github.com' ? `${url.origin}/` : address;
  return {address, header: {scope, value: `Authorization: ${value}`}};
}

/** ssh asks for one itself. */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/@]*@/i, '$1@');
}

function urlOf(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw buildError(
      'user',
      'git-address',
      `${withoutCredentials(text)} is no valid address of a repository`,
      {
        cause,
      },
    );
  }
}

function headerIn(secrets: Secrets, host: string): string | undefined {
  for (const name of [
    `GIT_AUTH_HEADER.${host}`,
    `GIT_AUTH_TOKEN.${host}`,
    'GIT_AUTH_HEADER',
    'GIT_AUTH_TOKEN',
  ]) {
    const secret = secrets[name];
    if (secret === undefined) continue;
    const text = Buffer.from(secret).toString().trim();
    return name.startsWith('GIT_AUTH_TOKEN') ? `basic ${base64(`x-access-token:${text}`)}` : text;
  }
  return undefined;
}

function basic(username: string, password: string): string {
  return `basic ${base64(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

export interface ResolvedRef {
  /** `HEAD`, `refs/heads/main`: what to fetch. */
  readonly name: string;
  readonly commit: string;
  /** Of an annotated tag: the tag object. */
  readonly tag?: string;
}

export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** What to ask ls-remote for so that `refIn` can tell what `ref` means: an annotated tag has its commit beside it. */
export function patternsFor(ref: string): readonly string[] {
  return ref === 'HEAD' ? ['HEAD'] : [ref, `${ref}^{}`];
}

/** What `ref` means by the answer of ls-remote. A branch wins over a tag, as with git checkout; undefined: nothing. */
export function refIn(answer: string, ref: string): ResolvedRef | undefined {
  const found = new Map<string, string>();
  let branch: string | undefined;
  for (const line of answer.split('\n')) {
    const [object = '', name = ''] = line.split('\t', 2);
    if (isCommit(object)) found.set(name, object);
    else if (name === 'HEAD') branch = /^ref: (refs\/heads\/.+)$/.exec(object)?.[1];
  }
  const head = found.get('HEAD');
  // The default branch by its name, when the server tells it.
  if (ref === 'HEAD') return head === undefined ? undefined : {name: branch ?? 'HEAD', commit: head};
  const short = ref.replace(/^refs\//, '');
  const names = [
    `refs/${short}`,
    `refs/heads/${ref.replace(/^refs\/heads\//, '')}`,
    `refs/tags/${ref.replace(/^refs\/tags\//, '')}`,
  ];
  for (const name of names) {
    const object = found.get(name);
    if (object === undefined) continue;
    const commit = found.get(`${name}^{}`);
    return commit === undefined ? {name, commit: object} : {name, commit, tag: object};
  }
  return undefined;
}
