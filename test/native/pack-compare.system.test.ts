// `pack compare=`: two layer directories have one digest if and only if a step cannot tell them apart.

import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, utimesSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {longAgo, type Tree, TreeWorld, whiteout, whyNoTrees} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

function digestOf(directory: string, depth = 'content'): string {
  const digest = world.ok('pack', `layer=${directory}`, 'compress=none', `compare=${depth}`).result['diffid'];
  if (digest === undefined) throw new Error('no digest');
  return digest;
}

function made(tree: Tree): string {
  const directory = world.tree(tree);
  date(directory);
  return directory;
}

/** Making things in a directory gives it a time of its own. */
function date(directory: string): void {
  for (const path of [join(directory, 'd'), directory]) {
    if (existsSync(path)) utimesSync(path, longAgo, longAgo);
  }
}

const plain: Tree = {
  'd/f': {file: 'abc', mtime: longAgo},
  l: {link: 'd/f', mtime: longAgo},
  gone: whiteout,
};

describe.skipIf(whyNoTrees() !== undefined)('pack compare', () => {
  test('gives one digest to two directories with the same in them', () => {
    expect(digestOf(made(plain))).toBe(digestOf(made(plain)));
    expect(digestOf(made(plain), 'metadata')).toBe(digestOf(made(plain), 'metadata'));
  });

  test.each<readonly [string, Tree]>([
    ['content of the same length', {...plain, 'd/f': {file: 'abd', mtime: longAgo}}],
    ['a mode', {...plain, 'd/f': {file: 'abc', mode: 0o600, mtime: longAgo}}],
    ['an owner', {...plain, 'd/f': {file: 'abc', uid: 7, mtime: longAgo}}],
    ['a time', {...plain, 'd/f': {file: 'abc', mtime: longAgo + 1}}],
    ['a link target', {...plain, l: {link: 'd/g', mtime: longAgo}}],
    ['one whiteout more', {...plain, other: whiteout}],
    ['a hard link instead of a copy', {...plain, h: {hard: 'd/f'}}],
    ['a fifo', {...plain, p: {fifo: true, mtime: longAgo}}],
  ])('tells %s', (_, tree) => {
    expect(digestOf(made(tree))).not.toBe(digestOf(made(plain)));
  });

  test('tells a copy from a hard link', () => {
    const copied = made({...plain, h: {file: 'abc', mtime: longAgo}});
    expect(digestOf(copied)).not.toBe(digestOf(made({...plain, h: {hard: 'd/f'}})));
  });

  test('tells nanoseconds, which a tar does not have', () => {
    const [one, two] = [made(plain), made(plain)];
    execFileSync('touch', ['-d', `@${longAgo}.5`, join(two, 'd/f')]);
    expect(digestOf(one)).not.toBe(digestOf(two));
  });

  test('tells user attributes', () => {
    const [one, two] = [made(plain), made(plain)];
    execFileSync('python3', [
      '-c',
      'import os,sys; os.setxattr(sys.argv[1], "user.a", b"1")',
      join(two, 'd/f'),
    ]);
    expect(digestOf(one)).not.toBe(digestOf(two));
  });

  test('tells the mode of the root, and a socket from nothing and from a fifo', async () => {
    const [one, two, three] = [made({}), made({}), made({p: {fifo: true, mode: 0o755, mtime: longAgo}})];
    mkdirSync(join(two, 'x'));
    execFileSync('rmdir', [join(two, 'x')]);
    date(two);
    expect(digestOf(one)).toBe(digestOf(two));
    execFileSync('chmod', ['700', two]);
    expect(digestOf(one)).not.toBe(digestOf(two));
    const server = createServer().listen(join(one, 'p'));
    await new Promise((resolve) => server.once('listening', resolve));
    for (const directory of [one, three]) {
      execFileSync('chmod', ['755', join(directory, 'p')]);
      execFileSync('touch', ['-h', '-d', `@${longAgo}`, join(directory, 'p')]);
      date(directory);
    }
    const withSocket = digestOf(one);
    server.close();
    expect(withSocket).not.toBe(digestOf(three));
    expect(withSocket).not.toBe(digestOf(made({})));
  });

  test('by metadata does not read files, by content it does', () => {
    const [one, two] = [made(plain), made(plain)];
    writeFileSync(join(two, 'd/f'), 'xyz');
    for (const directory of [one, two]) utimesSync(join(directory, 'd/f'), longAgo, longAgo);
    expect(digestOf(one, 'metadata')).toBe(digestOf(two, 'metadata'));
    expect(digestOf(one)).not.toBe(digestOf(two));
  });

  test('is told what it does not know', () => {
    expect(world.run('pack', `layer=${made({})}`, 'compare=names').error).toContain(
      'expected metadata or content',
    );
  });
});
