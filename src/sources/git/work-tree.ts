// The git repository that a directory of this machine is in, by its files: which commit is checked out, and where the
// repository comes from. git itself is not asked: it may not be there, it refuses repositories of other users, and
// starting it takes longer than reading three files. What is kept in other ways (reftable, included configuration) is
// not known.

import {readFile, realpath, stat} from 'node:fs/promises';
import {dirname, join, resolve} from 'node:path';

export interface WorkTree {
  readonly root: string;
  /** The commit in hexadecimal; undefined: there is none yet. */
  readonly revision?: string;
  /** The address of the remote that the branch follows, or else of `origin` or `upstream`, as it was written. */
  readonly source?: string;
}

const symbolicRefsMax = 5;

/** The nearest directory at or above, that git calls a work tree. */
export async function workTreeRoot(directory: string): Promise<string | undefined> {
  for (let at = await realpath(directory); ; at = dirname(at)) {
    if ((await stat(join(at, '.git')).catch(() => undefined)) !== undefined) return at;
    if (at === '/') return undefined;
  }
}

export async function workTreeOf(directory: string): Promise<WorkTree | undefined> {
  const root = await workTreeRoot(directory).catch(() => undefined);
  if (root === undefined) return undefined;
  const own = await gitDirectory(join(root, '.git'));
  // Of a work tree beside others (git worktree): where what they share is.
  const common = resolve(own, (await textOf(join(own, 'commondir')))?.trim() ?? '.');
  const head = (await textOf(join(own, 'HEAD')))?.trim() ?? '';
  const [revision, source] = [await commitOf(head, own, common), await sourceOf(head, common)];
  return {
    root,
    ...(revision === undefined ? {} : {revision}),
    ...(source === undefined ? {} : {source}),
  };
}

/** A file there says where it is. */
async function gitDirectory(path: string): Promise<string> {
  const told = /^gitdir: (.+)$/m.exec((await textOf(path)) ?? '')?.[1];
  return told === undefined ? path : resolve(dirname(path), told);
}

async function commitOf(head: string, own: string, common: string): Promise<string | undefined> {
  let value = head;
  for (let followed = 0; followed < symbolicRefsMax; followed++) {
    if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) return value;
    const name = /^ref: (refs\/\S+)$/.exec(value)?.[1];
    if (name === undefined || name.split('/').includes('..')) return undefined;
    const loose = (await textOf(join(own, name))) ?? (await textOf(join(common, name)));
    value = loose?.trim() ?? (await packed(name, common)) ?? '';
  }
  return undefined;
}

async function packed(name: string, common: string): Promise<string | undefined> {
  const lines = (await textOf(join(common, 'packed-refs')))?.split('\n') ?? [];
  return lines.find((line) => line.endsWith(` ${name}`))?.split(' ')[0];
}

async function sourceOf(head: string, common: string): Promise<string | undefined> {
  const settings = settingsOf((await textOf(join(common, 'config'))) ?? '');
  const branch = /^ref: refs\/heads\/(.+)$/.exec(head)?.[1];
  const followed = branch === undefined ? undefined : settings.get(`branch.${branch}.remote`);
  for (const remote of [followed, 'origin', 'upstream']) {
    const url = remote === undefined ? undefined : settings.get(`remote.${remote}.url`);
    if (url) return url;
  }
  return undefined;
}

/** `section.name.key` → value; of several values the first. */
function settingsOf(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let section = '';
  for (const line of text.split('\n')) {
    const header = /^\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (header !== null) {
      const [, kind = '', name] = header;
      section = `${kind.toLowerCase()}${name === undefined ? '' : `.${name.replaceAll(/\\(.)/g, '$1')}`}`;
    }
    const [, key, value = ''] = /^\s*([A-Za-z][\w-]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    const name = `${section}.${key?.toLowerCase()}`;
    if (key !== undefined && !settings.has(name)) settings.set(name, plainValue(value));
  }
  return settings;
}

/** Without quotes, and without a comment behind it. */
function plainValue(value: string): string {
  const parts = value.match(/"(?:[^"\\]|\\.)*"|\\.|[^"\\#;]+|[#;].*$/g) ?? [];
  const kept = parts.filter((part) => !/^[#;]/.test(part));
  const plain = kept.map((part) => (part.startsWith('"') ? part.slice(1, -1) : part)).join('');
  return plain.replaceAll(/\\(.)/g, '$1').trim();
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
