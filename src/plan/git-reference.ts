// Git sources as ADD and build contexts write them: `https://host/repo.git#ref:dir`, `git@host:repo`, `ssh://…`, with
// `?ref=|tag=|branch=|subdir=|checksum=|commit=|keep-git-dir=|submodules=|mtime=|fetch-by-commit=` as the newer spelling.
// An http(s) URL is a repository only when its path ends in `.git`, or when the user says so with --keep-git-dir.

import type {GitSource} from '../graph/op.ts';
import {PlanProblem} from './plan-problem.ts';

export interface GitReference {
  readonly remote: string;
  readonly ref?: string;
  readonly subdirectory?: string;
  readonly checksum?: string;
  readonly keepGitDirectory?: boolean;
  readonly submodules?: boolean;
  readonly mtime?: 'checkout' | 'commit';
  readonly fetchByCommit?: boolean;
}

const schemes: ReadonlySet<string> = new Set(['http', 'https', 'ssh', 'git']);
/** user@host:path, with an optional query and fragment. */
const scpStyle = /^([A-Za-z0-9_-]+)@([A-Za-z0-9.-]+):(.*?)(?:\?(.*?))?(?:#(.*))?$/s;

/** The repository that `text` names; undefined when it is a path or a plain URL. Throws PlanProblem on a bad query. */
export function parseGitReference(text: string, isKnownGit = false): GitReference | undefined {
  if (text.startsWith('./') || text.startsWith('../')) return undefined;
  const scheme = /^([A-Za-z0-9]+):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const match = scpStyle.exec(text);
    if (match === null) return undefined;
    const [, user = '', host = '', path = '', query = '', fragment = ''] = match;
    return withDetails(`${user}@${host}:${path}`, query, fragment);
  }
  if (!schemes.has(scheme)) return undefined;
  const [beforeFragment = '', fragment = ''] = splitOnce(text, '#');
  const [remote = '', query = ''] = splitOnce(beforeFragment, '?');
  const path = remote.replace(/^[A-Za-z0-9]+:\/\/[^/]*/, '');
  const isHttp = scheme === 'http' || scheme === 'https';
  if (isHttp && !path.endsWith('.git') && !isKnownGit) return undefined;
  return withDetails(remote, query, decoded(fragment));
}

/** The source that a reference names; what it leaves open is as given. */
export function gitSourceOf(git: GitReference, keepGitDirectory: boolean, checksum = ''): GitSource {
  const expected = git.checksum ?? checksum;
  return {
    type: 'git',
    remote: git.remote,
    ...(git.ref === undefined ? {} : {ref: git.ref}),
    ...(git.subdirectory === undefined ? {} : {subdirectory: git.subdirectory}),
    keepGitDirectory: git.keepGitDirectory ?? keepGitDirectory,
    ...(git.submodules === false ? {skipSubmodules: true} : {}),
    ...(expected === '' ? {} : {checksum: expected}),
    ...(git.fetchByCommit === true ? {fetchByCommit: true} : {}),
    ...(git.mtime === undefined ? {} : {mtime: git.mtime}),
  };
}

/** True for http(s) URLs that are files to download. */
export function isHttpSource(text: string, isKnownGit = false): boolean {
  return /^https?:\/\//.test(text) && parseGitReference(text, isKnownGit) === undefined;
}

/** Name of the file a URL becomes: the last part of its path. */
export function fileNameOf(url: string): string {
  const path = /^https?:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] ?? '';
  const name = decoded(path).split('/').filter(Boolean).at(-1) ?? '';
  return name === '' || name === '.' || name === '..' ? '__unnamed__' : name;
}

function withDetails(remote: string, query: string, fragment: string): GitReference {
  const [refOfFragment = '', directory = ''] = splitOnce(fragment, ':');
  const values = queryValues(query);
  const ref = oneRef(refOfFragment, values);
  const subdirectory = agreeing('subdir', directory, values.get('subdir') ?? '');
  const checksum = values.get('checksum') ?? values.get('commit') ?? '';
  const keep = booleanOf('keep-git-dir', values);
  const submodules = booleanOf('submodules', values);
  const fetchByCommit = booleanOf('fetch-by-commit', values);
  const mtime = mtimeOf(values);
  // A whole commit can be fetched without a name for it.
  const effectiveRef = ref === '' && fullCommit.test(checksum) ? checksum : ref;
  return {
    remote,
    ...(effectiveRef === '' ? {} : {ref: effectiveRef}),
    ...(subdirectory === '' ? {} : {subdirectory}),
    ...(checksum === '' ? {} : {checksum}),
    ...(keep === undefined ? {} : {keepGitDirectory: keep}),
    ...(submodules === undefined ? {} : {submodules}),
    ...(mtime === undefined ? {} : {mtime}),
    ...(fetchByCommit === undefined ? {} : {fetchByCommit}),
  };
}

const queryNames: ReadonlySet<string> = new Set(
  'ref tag branch subdir checksum commit keep-git-dir submodules mtime fetch-by-commit'.split(' '),
);
const valueLess: ReadonlySet<string> = new Set(['keep-git-dir', 'submodules', 'fetch-by-commit']);
const fullCommit = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

function queryValues(query: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name)) throw gitProblem(`query "${name}" has multiple values`);
    if (value === '' && !valueLess.has(name)) throw gitProblem(`query "${name}" has no value`);
    if (!queryNames.has(name)) throw gitProblem(`unexpected query "${name}"`);
    values.set(name, value);
  }
  return values;
}

function oneRef(fromFragment: string, values: ReadonlyMap<string, string>): string {
  let ref = agreeing('ref', fromFragment, values.get('ref') ?? '');
  const tag = values.get('tag');
  const branch = values.get('branch');
  if (tag !== undefined && branch !== undefined) throw gitProblem('branch conflicts with tag');
  if (tag !== undefined) ref = agreeing('ref', ref, withPrefix('refs/tags/', tag));
  if (branch !== undefined) ref = agreeing('ref', ref, withPrefix('refs/heads/', branch));
  return ref;
}

function agreeing(what: string, first: string, second: string): string {
  if (first !== '' && second !== '' && first !== second) {
    throw gitProblem(`${what} conflicts: "${first}" vs "${second}"`);
  }
  return first === '' ? second : first;
}

function booleanOf(name: string, values: ReadonlyMap<string, string>): boolean | undefined {
  const value = values.get(name);
  if (value === undefined) return undefined;
  if (value === '' || /^(?:1|t|true)$/i.test(value)) return true;
  if (/^(?:0|f|false)$/i.test(value)) return false;
  throw gitProblem(`invalid ${name} value: "${value}"`);
}

function mtimeOf(values: ReadonlyMap<string, string>): 'checkout' | 'commit' | undefined {
  const value = values.get('mtime');
  if (value === undefined || value === 'checkout' || value === 'commit') return value;
  throw gitProblem(`invalid mtime value: "${value}" (must be "checkout" or "commit")`);
}

function withPrefix(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function gitProblem(message: string): PlanProblem {
  return new PlanProblem('plan-git-reference', message);
}
