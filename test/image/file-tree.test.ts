import {describe, expect, it} from 'vitest';
import {type Change, differences, FileTree} from '../../src/image/file-tree.ts';
import type {LayerFile} from '../../src/image/layer-files.ts';

function file(path: string, more: Partial<LayerFile> = {}): LayerFile {
  const size = more.kind === undefined || more.kind === 'file' ? 10 : 0;
  return {
    path,
    kind: 'file',
    size,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    linkTarget: '',
    xattrs: new Map(),
    device: '',
    contentHash: size === 0 ? '' : 'c1',
    ...more,
  };
}

const directory = (path: string): LayerFile => file(path, {kind: 'directory', mode: 0o755});

function laid(...layers: readonly (readonly LayerFile[])[]): {tree: FileTree; told: string[]} {
  const tree = new FileTree();
  const last = layers.map((files, layer) => files.map((one) => tree.apply(one, layer))).at(-1) ?? [];
  return {tree, told: last.filter((one) => one !== undefined).map(text)};
}

function text({path, what, hides, repeats}: Change): string {
  return `${what} ${path}${hides > 0 ? ` hides ${hides}` : ''}${repeats ? ' repeats' : ''}`;
}

function pathsOf(tree: FileTree): string[] {
  return [...new FileTree().comparedWith(tree)].map(({path}) => path);
}

const base = [directory('d'), file('d/a'), file('d/b'), directory('d/e'), file('d/e/f'), file('top')];

describe('a layer', () => {
  it.each<[string, readonly LayerFile[], string[]]>([
    ['adds', [file('new'), directory('d')], ['added new']],
    ['replaces', [file('top', {contentHash: 'c2'})], ['changed top hides 10']],
    ['repeats, when only the mode is new', [file('top', {mode: 0o755})], ['changed top hides 10 repeats']],
    ['repeats, when nothing is new', [file('top')], ['changed top hides 10 repeats']],
    ['changes a directory', [file('d', {kind: 'directory', mode: 0o700})], ['changed d']],
    ['removes a file', [file('d/.wh.a')], ['removed d/a hides 10']],
    ['removes a tree', [file('.wh.d')], ['removed d hides 30']],
    ['removes nothing that is not there', [file('.wh.none')], []],
    ['clears a directory', [file('d/n'), file('d/.wh..wh..opq')], ['added d/n', 'removed d hides 30']],
    ['puts a link where a directory was', [file('d', {kind: 'symlink'})], ['changed d hides 30']],
  ])('%s', (_, layer, told) => {
    expect(laid(base, layer).told).toEqual(told);
  });

  it('wastes what layers above hide, and its own second writing is no waste', () => {
    const {tree} = laid(base, [file('top'), file('top')], [file('.wh.d'), file('.wh.top')]);
    expect([0, 1, 2].map((layer) => tree.hiddenBytesOf(layer))).toEqual([40, 10, 0]);
    expect(pathsOf(tree)).toEqual([]);
  });

  it('leaves what it does not name', () => {
    const {tree} = laid(base, [file('d/.wh..wh..opq'), file('d/n')]);
    expect(pathsOf(tree)).toEqual(['d', 'd/n', 'top']);
  });
});

describe('two trees', () => {
  it('are compared in the order of a walk, and what both have alike is not told', () => {
    const before = laid(base).tree;
    const after = new FileTree(before);
    for (const one of [directory('d'), file('d/a'), file('d/b', {mode: 0o600}), file('d.x'), file('top')])
      after.apply(one, 0);
    const told = [...before.comparedWith(after)];
    expect(told.map(({what, path, details}) => [what, path, ...details].join(' '))).toEqual([
      'changed d/b mode 0644 -> 0600',
      'removed d/e',
      'removed d/e/f',
      'added d.x',
    ]);
  });
});

describe('differences', () => {
  it('are told by name', () => {
    const other = file('x', {
      mode: 0o600,
      uid: 5,
      contentHash: 'c2',
      mtime: 60,
      xattrs: new Map([['user.a', '1']]),
    });
    expect(differences(file('x'), other)).toEqual([
      'mode 0644 -> 0600',
      'owner 0:0 -> 5:0',
      'content',
      'time 1970-01-01T00:00:00Z -> 1970-01-01T00:01:00Z',
      'xattr user.a',
    ]);
  });
});
