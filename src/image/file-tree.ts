// The file system that layers make when they lie on each other, and what each of them does to it. Whiteouts are OCI's
// (image-spec layer.md): `.wh.NAME` removes NAME, `.wh..wh..opq` everything of the directory that lies below.

import {posix} from 'node:path';
import {byteOrder} from '../util/byte-order.ts';
import {keepHeapSmall, manyEntries} from '../util/small-heap.ts';
import type {LayerFile} from './layer-files.ts';

export interface Change {
  readonly path: string;
  readonly what: 'added' | 'changed' | 'removed';
  /** Bytes of the file that is added or that replaces. */
  readonly size: number;
  /** Bytes of layers below that nobody sees any more. */
  readonly hides: number;
  /** The file that is replaced had the same content: only its metadata are new, the bytes are stored twice. */
  readonly repeats: boolean;
}

/** All that is kept of a file, and there may be hundreds of thousands: its path is where it hangs in the tree. */
export type FileFacts = Omit<LayerFile, 'path'>;

/** The tree has one for each file: what is empty takes no space. */
interface Node {
  file: FileFacts | undefined;
  layer: number;
  children: Map<string, Node> | undefined;
}

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';

export class FileTree {
  readonly #root = emptyNode();
  readonly #like: FileTree | undefined;
  /** Bytes of each layer that layers above hide. */
  readonly #hidden = new Map<number, number>();
  #entries = 0;

  /** `like`: what is as in that tree is kept once for both. */
  constructor(like?: FileTree) {
    this.#like = like;
  }

  /** Lays an entry of layer `layer` on what is there. Undefined: nothing is different. */
  apply(file: LayerFile, layer: number): Change | undefined {
    if (++this.#entries === manyEntries) keepHeapSmall();
    const {path} = file;
    const name = posix.basename(path);
    if (name === opaque) {
      const directory = posix.dirname(path);
      const node = this.#find(directory);
      const hides = node === undefined ? 0 : this.#hideBelow(node, layer);
      return hides === 0 ? undefined : removal(directory, hides);
    }
    if (name.startsWith(whiteout)) {
      const gone = posix.join(posix.dirname(path), name.slice(whiteout.length));
      const hides = this.#remove(gone, layer);
      return hides === undefined ? undefined : removal(gone, hides);
    }
    return this.#place(file, layer);
  }

  hiddenBytesOf(layer: number): number {
    return this.#hidden.get(layer) ?? 0;
  }

  /** What differs between this tree and a later one: depth first, the names of a directory in byte order. */
  *comparedWith(later: FileTree): Generator<ComparedFile> {
    yield* compared('', this.#root, later.#root);
  }

  #place(file: LayerFile, layer: number): Change | undefined {
    const node = this.#make(file.path);
    const before = node.file;
    let hides = 0;
    if (before !== undefined && before.kind === 'directory' && file.kind !== 'directory') {
      for (const child of childrenOf(node)) hides += this.#hide(child, layer);
      node.children = undefined;
    }
    if (before !== undefined) hides += this.#count(before, node.layer, layer);
    node.file = this.#kept(file);
    node.layer = layer;
    const {path, size} = file;
    if (before === undefined) return {path, what: 'added', size, hides, repeats: false};
    if (differences(before, file).length === 0)
      return file.kind === 'file' ? change(file, hides, true) : undefined;
    return change(file, hides, file.kind === 'file' && before.contentHash === file.contentHash);
  }

  #kept(file: LayerFile): FileFacts {
    const like = this.#like;
    const twin = like === undefined ? undefined : like.#find(file.path)?.file;
    return twin !== undefined && differences(twin, file).length === 0 ? twin : factsOf(file);
  }

  #parts(path: string): string[] {
    return path.split('/').filter((part) => part !== '' && part !== '.');
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const part of this.#parts(path)) node = node?.children?.get(part);
    return node;
  }

  #make(path: string): Node {
    let node = this.#root;
    for (const part of this.#parts(path)) {
      node.children ??= new Map();
      let child = node.children.get(part);
      if (child === undefined) {
        child = emptyNode();
        node.children.set(part, child);
      }
      node = child;
    }
    return node;
  }

  /** Undefined when there was nothing. */
  #remove(path: string, layer: number): number | undefined {
    const node = this.#find(path);
    if (node === undefined) return undefined;
    this.#find(posix.dirname(path))?.children?.delete(posix.basename(path));
    return this.#hide(node, layer);
  }

  #hideBelow(node: Node, layer: number): number {
    let hidden = 0;
    for (const [name, child] of node.children ?? []) {
      hidden += this.#hideBelow(child, layer);
      if (child.layer >= layer) continue;
      if (child.file !== undefined) hidden += this.#count(child.file, child.layer, layer);
      child.file = undefined;
      if (child.children === undefined || child.children.size === 0) node.children?.delete(name);
    }
    return hidden;
  }

  #hide(node: Node, layer: number): number {
    let hidden = node.file === undefined ? 0 : this.#count(node.file, node.layer, layer);
    for (const child of childrenOf(node)) hidden += this.#hide(child, layer);
    return hidden;
  }

  /** A file that its own layer replaces hides nothing of a layer below. */
  #count(file: FileFacts, from: number, by: number): number {
    if (file.kind !== 'file' || from === by) return 0;
    this.#hidden.set(from, (this.#hidden.get(from) ?? 0) + file.size);
    return file.size;
  }
}

function emptyNode(): Node {
  return {file: undefined, layer: -1, children: undefined};
}

function childrenOf({children}: Node): Iterable<Node> {
  return children?.values() ?? [];
}

function factsOf({
  kind,
  size,
  mode,
  uid,
  gid,
  mtime,
  linkTarget,
  xattrs,
  device,
  contentHash,
}: FileFacts): FileFacts {
  return {kind, size, mode, uid, gid, mtime, linkTarget, xattrs, device, contentHash};
}

export interface ComparedFile {
  readonly path: string;
  readonly what: 'added' | 'changed' | 'removed';
  /** Of what is changed. */
  readonly details: readonly string[];
}

function* compared(path: string, before: Node | undefined, after: Node | undefined): Generator<ComparedFile> {
  if (before?.file !== undefined && after?.file !== undefined) {
    const details = differences(before.file, after.file);
    if (details.length > 0) yield {path, what: 'changed', details};
  } else if (before?.file !== undefined) yield {path, what: 'removed', details: []};
  else if (after?.file !== undefined) yield {path, what: 'added', details: []};
  const [old, now] = [before?.children, after?.children];
  const names = [...(old?.keys() ?? []), ...(now?.keys() ?? [])].sort(byteOrder);
  for (const [index, name] of names.entries()) {
    if (name === names[index - 1]) continue;
    yield* compared(path === '' ? name : `${path}/${name}`, old?.get(name), now?.get(name));
  }
}

function change({path, size}: LayerFile, hides: number, repeats: boolean): Change {
  return {path, what: 'changed', size, hides, repeats};
}

function removal(path: string, hides: number): Change {
  return {path, what: 'removed', size: 0, hides, repeats: false};
}

/** What two entries differ in, each as `WORD BEFORE -> AFTER`. */
export function differences(a: FileFacts, b: FileFacts): readonly string[] {
  if (a === b) return [];
  const told: string[] = [];
  const tell = (word: string, before: string | number, after: string | number): void => {
    if (before !== after) told.push(`${word} ${before} -> ${after}`);
  };
  tell('type', a.kind, b.kind);
  tell('mode', octal(a.mode), octal(b.mode));
  tell('owner', `${a.uid}:${a.gid}`, `${b.uid}:${b.gid}`);
  tell('target', a.linkTarget, b.linkTarget);
  tell('device', a.device, b.device);
  tell('size', a.size, b.size);
  if (a.size === b.size && a.contentHash !== b.contentHash) told.push('content');
  tell('time', timeOf(a), timeOf(b));
  if (a.xattrs.size + b.xattrs.size === 0) return told;
  for (const key of new Set([...a.xattrs.keys(), ...b.xattrs.keys()])) {
    if (a.xattrs.get(key) !== b.xattrs.get(key)) told.push(`xattr ${key}`);
  }
  return told;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function timeOf({mtime}: FileFacts): string {
  const date = new Date(mtime * 1000);
  return Number.isNaN(date.getTime()) ? String(mtime) : date.toISOString().replace('.000Z', 'Z');
}
