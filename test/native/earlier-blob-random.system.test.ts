// Layers at random, and changes at random: what is packed from the blob of the earlier layer is what packing all files
// gives, to the last byte (docs/adr/0029). TSBUILD_SOAK=1 does thousands.

import {readFileSync} from 'node:fs';
import {afterAll, describe, expect, test} from 'vitest';
import {type Entry, longAgo, type Tree, TreeWorld, whiteout, whyNoTrees} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

const isSoak = process.env['TSBUILD_SOAK'] === '1';
const changesPerLayer = 6;

/** The same numbers for the same seed: a round that fails can be run again (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(count: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  entry(): Entry {
    const metadata = {
      mode: this.of([0o644, 0o755, 0o600]),
      uid: this.below(2),
      mtime: longAgo + this.below(2),
    };
    const kind = this.below(12);
    if (kind === 0) return {link: this.of(['a', 'b/c', 'l'.repeat(120)]), mtime: metadata.mtime};
    if (kind === 1) return {fifo: true, ...metadata};
    if (kind === 2) return {dir: true, ...metadata, mode: 0o755};
    const length = this.of([0, 1, 511, 512, 513, 9000, 70_000, this.below(300_000)]);
    return {file: this.text(length), ...metadata};
  }

  text(length: number): string {
    const word = `${this.below(1 << 30)} `;
    return word.repeat(Math.ceil(length / word.length)).slice(0, length);
  }
}

const names = ['a', 'a-', 'a.b', 'ab', 'b', 'é', 'n'.repeat(90), 'o'.repeat(120), '.wh', '0', '~'];

function pathAt(dice: Dice): string {
  return Array.from({length: 1 + dice.below(3)}, () => dice.of(names)).join('/');
}

/** Without what lies below what is no directory. */
function wholeTree(entries: Iterable<readonly [string, Entry]>): Map<string, Entry> {
  const tree = new Map<string, Entry>();
  for (const [path, entry] of entries) {
    const above = path.split('/').map((_, n, parts) => parts.slice(0, n).join('/'));
    if (above.some((parent) => isLeaf(tree.get(parent)))) continue;
    if (isLeaf(entry) && [...tree.keys()].some((other) => other.startsWith(`${path}/`))) continue;
    tree.set(path, entry);
  }
  return tree;
}

function isLeaf(entry: Entry | undefined): boolean {
  return entry !== undefined && !(typeof entry === 'object' && 'dir' in entry);
}

function randomTree(dice: Dice, count: number): Map<string, Entry> {
  return wholeTree(Array.from({length: count}, () => [pathAt(dice), dice.entry()] as const));
}

function isIn(tree: ReadonlyMap<string, Entry>, path: string): boolean {
  return tree.has(path) || [...tree.keys()].some((other) => other.startsWith(`${path}/`));
}

/** What a continuation can have: it hides nothing of what is below the earlier layer, and whiteouts only of that one. */
function change(dice: Dice, first: ReadonlyMap<string, Entry>, base: ReadonlyMap<string, Entry>): Tree {
  const edits = Array.from({length: 1 + dice.below(6)}, (): readonly [string, Entry] => {
    const known = [...first.keys()];
    const path = known.length > 0 && dice.below(3) > 0 ? dice.of(known) : pathAt(dice);
    if (dice.below(4) === 0 && isIn(first, path) && !isIn(base, path)) return [path, whiteout];
    const same = base.get(path);
    return [path, same !== undefined && dice.below(3) === 0 ? same : dice.entry()];
  });
  const allowed = edits.filter(([path, entry]) => {
    const parents = path.split('/').map((_, n, parts) => parts.slice(0, n).join('/'));
    // A directory in place of a file of the earlier layer is opaque or not, as overlayfs likes; so is one on the base.
    if (parents.some((parent) => isLeaf(base.get(parent)))) return false;
    return !isLeaf(entry) || entry === whiteout || ![...base.keys()].some((at) => at.startsWith(`${path}/`));
  });
  return Object.fromEntries(wholeTree(allowed));
}

function pack(layers: readonly string[], ...more: readonly string[]): Readonly<Record<string, string>> {
  const args = layers.map((layer) => `layer=${layer}`);
  return world.ok('pack', ...args, 'compress=gzip', 'level=6', ...more).result;
}

function packBothWays(seed: number): readonly (readonly [Tree, string, string])[] {
  const dice = new Dice(seed);
  const base = randomTree(dice, 6);
  const first = randomTree(dice, dice.of([3, 20, 60]));
  for (const path of first.keys()) {
    const hides = isLeaf(first.get(path))
      ? isIn(base, path) && !isLeaf(base.get(path))
      : isLeaf(base.get(path));
    const isBelow = [...base].some(([at, entry]) => isLeaf(entry) && path.startsWith(`${at}/`));
    if (hides || isBelow) first.delete(path);
  }
  const stack = [world.tree(Object.fromEntries(first)), world.tree(Object.fromEntries(base))];
  const blob = world.newPath();
  const {digest, compressor} = pack(stack, `out=${blob}`);
  return Array.from({length: changesPerLayer}, () => {
    const edits = change(dice, first, base);
    const layers = [world.tree(edits), ...stack];
    const [whole, from] = [world.path('whole'), world.path('from')];
    pack(layers, 'top=2', `out=${whole}`);
    pack(layers, 'top=2', `earlier=${blob}`, `digest=${digest}`, `compressor=${compressor}`, `out=${from}`);
    return [edits, readFileSync(whole, 'hex'), readFileSync(from, 'hex')] as const;
  });
}

describe.skipIf(whyNoTrees() !== undefined)('packing from the blob of the layer that is continued', () => {
  const start = Number(process.env['TSBUILD_SEED'] ?? 1);
  const seeds = Array.from({length: isSoak ? 500 : 6}, (_, n) => start + n);

  test.each(seeds)('gives what packing the files gives, whatever they are (seed %i)', (seed) => {
    const different = packBothWays(seed).filter(([, whole, from]) => whole !== from);
    expect(different.map(([edits]) => Object.keys(edits))).toEqual([]);
  });
});
