// What an archive says of one entry: its header, and what the extended headers in front of it say better.

import type {TarHeader} from './header.ts';
import {noRecords, type PaxRecords} from './pax-records.ts';
import {TarProblem} from './tar-problem.ts';

export type TarKind = 'file' | 'link' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

export interface TarEntry {
  /** As it is written, without `./` in front and slashes behind; '' for the root. */
  readonly path: string;
  readonly kind: TarKind;
  /** Of a file, its holes included; what has no content has none. */
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** In seconds; pax may have a fraction. */
  readonly mtime: number;
  readonly linkTarget: string;
  /** `user.x` and the like, from SCHILY.xattr records. */
  readonly xattrs: ReadonlyMap<string, string>;
  readonly device: string;
}

/** What stands in front of an entry. */
export interface Extension {
  readonly pax: PaxRecords;
  /** GNU's; '' is none. */
  readonly longName: string;
  readonly longLink: string;
}

export const noExtension: Extension = {pax: noRecords, longName: '', longLink: ''};

/** As the kernel: 2^32 - 1 means nobody. */
const idMax = 2 ** 32 - 2;
const xattrPrefix = 'SCHILY.xattr.';
const kinds: Readonly<Record<string, TarKind>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

/** Throws TarProblem. The size is that of what is stored; of a sparse file it is another one. */
export function entryOf(header: TarHeader, {pax, longName, longLink}: Extension): TarEntry {
  const name = longName || (pax.text('path') ?? header.name);
  const kind = kindOf(header.type, name);
  return {
    path: cleanPath(pax.text('GNU.sparse.name') ?? name),
    kind,
    size: kind === 'file' ? (pax.natural('size') ?? header.size) : 0,
    mode: header.mode,
    uid: idOf(pax.natural('uid') ?? header.uid()),
    gid: idOf(pax.natural('gid') ?? header.gid()),
    mtime: pax.time('mtime') ?? header.mtime(),
    linkTarget: longLink || (pax.text('linkpath') ?? header.linkName),
    xattrs: xattrsOf(pax),
    device: kind === 'character' || kind === 'block' ? header.device() : '',
  };
}

function cleanPath(path: string): string {
  return path.replace(/^(?:\.?\/)+|\/+$/g, '').replace(/^\.$/, '');
}

/** Before POSIX a directory was a file whose name ends in a slash. */
function kindOf(type: string, name: string): TarKind {
  const kind = kinds[type];
  if (kind === undefined) throw new TarProblem(`an entry of unknown type ${JSON.stringify(type)}`);
  return type === '\0' && name.endsWith('/') ? 'directory' : kind;
}

function idOf(id: number): number {
  if (id > idMax) throw new TarProblem(`an owner of number ${id}`);
  return id;
}

/** Of nearly all entries: one for all of them. */
const noXattrs: ReadonlyMap<string, string> = new Map();

function xattrsOf({all}: PaxRecords): ReadonlyMap<string, string> {
  const found = all.flatMap(([key, value]) =>
    key.startsWith(xattrPrefix) ? [[key.slice(xattrPrefix.length), value.toString('latin1')] as const] : [],
  );
  return found.length === 0 ? noXattrs : new Map(found);
}
