// In what two images differ: config member by member, history, layers, and the file systems that the layers make.

import type {ImageConfig} from '../oci/image-config.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import type {ImageDetails} from '../store/image-store.ts';
import {byteOrder} from '../util/byte-order.ts';
import {FileTree} from './file-tree.ts';
import {layerFiles} from './layer-files.ts';

export interface Difference {
  readonly part: 'config' | 'history' | 'layer' | 'file';
  readonly what: 'added' | 'removed' | 'changed';
  /** Member, instruction, DiffId or path. */
  readonly name: string;
  readonly details: readonly string[];
}

export async function compareImages(
  a: ImageDetails,
  b: ImageDetails,
  blobs: LocalBlobStore,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  const {diff_ids: aLayers} = a.config.rootfs;
  const {diff_ids: bLayers} = b.config.rootfs;
  const isSame = aLayers.join() === bLayers.join();
  const files: Difference[] = [];
  if (!isSame) {
    const before = await filesOf(a, undefined, blobs, signal);
    const after = await filesOf(b, before, blobs, signal);
    for (const {path, what, details} of before.comparedWith(after))
      files.push({part: 'file', what, name: `/${path}`, details});
  }
  const instructions = ({history = []}: ImageConfig): string[] =>
    history.map(({created_by}) => created_by ?? '');
  return [
    ...compareConfigs(a.config, b.config),
    ...compareLists('history', instructions(a.config), instructions(b.config)),
    ...compareLists('layer', aLayers, bLayers),
    ...files,
  ];
}

async function filesOf(
  {content}: ImageDetails,
  like: FileTree | undefined,
  blobs: LocalBlobStore,
  signal: AbortSignal,
): Promise<FileTree> {
  const tree = new FileTree(like);
  for (const [index, layer] of content.layers.entries()) {
    for await (const file of layerFiles(layer, blobs, signal)) tree.apply(file, index);
  }
  return tree;
}

/** Of a config, but for what is compared otherwise. */
export function compareConfigs(a: ImageConfig, b: ImageConfig): readonly Difference[] {
  const compared = ({rootfs: _, history: __, ...rest}: ImageConfig): object => rest;
  return compareMembers(membersOf(compared(a)), membersOf(compared(b)));
}

/** Every leaf by its path: `config.Env`, `config.Labels.team`. */
export function membersOf(compared: object): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      members.set(path, JSON.stringify(value));
      return;
    }
    for (const [key, member] of Object.entries(value)) visit(member, path === '' ? key : `${path}.${key}`);
  };
  visit(compared, '');
  return members;
}

export function compareMembers(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): readonly Difference[] {
  const names = [...new Set([...a.keys(), ...b.keys()])].sort(byteOrder);
  return names.flatMap((name): Difference[] => {
    const [before, after] = [a.get(name), b.get(name)];
    if (before === after) return [];
    if (before === undefined) return [{part: 'config', what: 'added', name, details: [after ?? '']}];
    if (after === undefined) return [{part: 'config', what: 'removed', name, details: [before]}];
    return [{part: 'config', what: 'changed', name, details: [`${before} -> ${after}`]}];
  });
}

/** What only one of them has: the others are the longest sequence that both have in this order. */
function compareLists(
  part: 'history' | 'layer',
  a: readonly string[],
  b: readonly string[],
): readonly Difference[] {
  const common = commonPlaces(a, b);
  const told =
    (what: 'added' | 'removed', alike: ReadonlySet<number>) =>
    (name: string, index: number): readonly Difference[] =>
      alike.has(index) ? [] : [{part, what, name, details: [`number ${index + 1}`]}];
  return [...a.flatMap(told('removed', common.a)), ...b.flatMap(told('added', common.b))];
}

/** More cells than this are not looked at: then what follows the common beginning differs. */
const cellsMax = 4_000_000;

/** Of a longest common subsequence the places in both. */
function commonPlaces(
  a: readonly string[],
  b: readonly string[],
): {readonly a: ReadonlySet<number>; readonly b: ReadonlySet<number>} {
  const places = {a: new Set<number>(), b: new Set<number>()};
  const take = (i: number, j: number): void => {
    places.a.add(i);
    places.b.add(j);
  };
  let start = 0;
  for (; start < a.length && start < b.length && a[start] === b[start]; start++) take(start, start);
  const [rows, width] = [a.length - start, b.length - start + 1];
  if (rows * width > cellsMax) return places;
  // How long the longest is of what follows i and j.
  const lengths = new Uint32Array((rows + 1) * width);
  const lengthAt = (i: number, j: number): number => lengths[(i - start) * width + j - start] ?? 0;
  for (let i = a.length - 1; i >= start; i--) {
    for (let j = b.length - 1; j >= start; j--) {
      lengths[(i - start) * width + j - start] =
        a[i] === b[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  for (let i = start, j = start; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) take(i++, j++);
    else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i++;
    else j++;
  }
  return places;
}
