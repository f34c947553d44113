// COPY and ADD of files: the helper's `copy` on real trees, as a table of what BuildKit does (features A62 to A75).

import {lstatSync, mkdirSync, readFileSync, truncateSync} from 'node:fs';
import {afterAll, describe, expect, test} from 'vitest';
import {copierIn} from '../support/one-copy.ts';
import {longAgo, python, readTree, type Tree, TreeWorld, whyNoTrees} from '../support/tree-world.ts';

const world = new TreeWorld();
const {copied, copy} = copierIn(world);
afterAll(() => world.dispose());

const passwd = 'root:x:0:0::/:/bin/sh\nalice:x:1000:1001::/home/alice:/bin/sh\n';

describe.skipIf(whyNoTrees() !== undefined)('copy', () => {
  test('a file goes to the name that the destination gives it', () => {
    expect(copied({from: {a: 'text'}, args: ['source=a', 'destination=/b']})).toEqual({b: 'f 0644 0:0 text'});
  });

  test('a destination with a trailing slash is made and takes the base name', () => {
    expect(copied({from: {'x/a': 'text'}, args: ['source=x/a', 'destination=/d/e/']})).toEqual({
      d: 'd 0755 0:0',
      'd/e': 'd 0755 0:0',
      'd/e/a': 'f 0644 0:0 text',
    });
  });

  test('an existing directory takes the base name, or the one that was given', () => {
    const onto: Tree = {d: {dir: true, mode: 0o700, uid: 5}};
    expect(copied({from: {a: 'text'}, onto, args: ['source=a', 'destination=/d']})).toEqual({
      d: 'd 0700 5:0',
      'd/a': 'f 0644 0:0 text',
    });
    expect(copied({from: {a: 'text'}, onto, args: ['source=a', 'name=z', 'destination=/d']})).toHaveProperty(
      'd/z',
    );
  });

  test('a directory gives its contents, not itself', () => {
    const from: Tree = {'s/a': '1', 's/sub/b': '2', other: '3'};
    expect(copied({from, args: ['source=s', 'destination=/d']})).toEqual({
      d: 'd 0755 0:0',
      'd/a': 'f 0644 0:0 1',
      'd/sub': 'd 0755 0:0',
      'd/sub/b': 'f 0644 0:0 2',
    });
  });

  test('the directory that is made for contents is root 0755, whatever the source is', () => {
    const from: Tree = {s: {dir: true, mode: 0o700, uid: 7}, 's/a': {file: '1', uid: 7}};
    expect(copied({from, args: ['source=s', 'destination=/d']})).toEqual({
      d: 'd 0755 0:0',
      'd/a': 'f 0644 7:0 1',
    });
  });

  test('an existing top directory stays as it is, nested ones take the metadata of the source', () => {
    const from: Tree = {
      s: {dir: true, mode: 0o700, uid: 7},
      's/sub': {dir: true, mode: 0o711, uid: 8, mtime: 2_000_000},
      's/sub/a': '1',
    };
    const onto: Tree = {
      d: {dir: true, mode: 0o750, uid: 5},
      'd/sub': {dir: true, mode: 0o755},
      'd/sub/old': 'kept',
    };
    expect(copied({from, onto, args: ['source=s', 'destination=/d']}, {times: true})).toEqual({
      d: `d 0750 5:0 @${longAgo}`,
      'd/sub': 'd 0711 8:0 @2000000',
      'd/sub/a': `f 0644 0:0 @${longAgo} 1`,
      'd/sub/old': `f 0644 0:0 @${longAgo} kept`,
    });
  });

  test('symlinks in the tree stay symlinks, the source path itself is followed in its root', () => {
    const from: Tree = {
      's/abs': {link: '/etc/passwd'},
      's/up': {link: '../../..'},
      s2: {link: '/s'},
      f: '1',
      l: {link: '/f'},
    };
    expect(copied({from, args: ['source=s2', 'destination=/d/']})).toEqual({
      d: 'd 0755 0:0',
      'd/abs': 'l 0:0 -> /etc/passwd',
      'd/up': 'l 0:0 -> ../../..',
    });
    expect(copied({from, args: ['source=l', 'destination=/d/']})).toEqual({
      d: 'd 0755 0:0',
      'd/l': 'f 0644 0:0 1',
    });
  });

  test('a symlink at the destination is followed inside the root, also when it leads nowhere yet', () => {
    const onto: Tree = {link: {link: '../../../../../tmp/target'}};
    expect(copied({from: {a: '1'}, onto, args: ['source=a', 'destination=/link/']})).toEqual({
      link: 'l 0:0 -> ../../../../../tmp/target',
      tmp: 'd 0755 0:0',
      'tmp/target': 'd 0755 0:0',
      'tmp/target/a': 'f 0644 0:0 1',
    });
    expect(copied({from: {a: '1'}, onto, args: ['source=a', 'destination=/link']})).toEqual({
      link: 'l 0:0 -> ../../../../../tmp/target',
      tmp: 'd 0755 0:0',
      'tmp/target': 'f 0644 0:0 1',
    });
  });

  test('a symlink that has the name of a copied file is replaced, not written through', () => {
    const onto: Tree = {'d/a': {link: '/victim'}, victim: 'safe', 'd/b': 'old', hard: {hard: 'd/b'}};
    expect(copied({from: {a: '1', b: '2'}, onto, args: ['source=.', 'destination=/d']})).toEqual({
      d: 'd 0755 0:0',
      'd/a': 'f 0644 0:0 1',
      'd/b': 'f 0644 0:0 2',
      hard: 'f 0644 0:0 old',
      victim: 'f 0644 0:0 safe',
    });
  });

  test.each([
    [
      'a directory onto a file',
      {s: {dir: true}, 's/a': '1'},
      {d: 'x'},
      's',
      '/d',
      'cannot copy to non-directory: /d',
    ],
    [
      'a nested directory onto a file',
      {'s/d/a': '1'},
      {'t/d': 'x'},
      's',
      '/t',
      'cannot copy to non-directory: /t/d',
    ],
    [
      'a nested directory onto a symlink',
      {'s/d/a': '1'},
      {'t/d': {link: '/'}},
      's',
      '/t',
      'cannot copy to non-directory: /t/d',
    ],
    [
      'a file onto a directory',
      {'s/d': '1'},
      {'t/d/x': '1'},
      's',
      '/t',
      'cannot replace to directory /t/d with file',
    ],
  ] satisfies [string, Tree, Tree, string, string, string][])(
    '%s is an error',
    (_name, from, onto, source, destination, message) => {
      const {outcome} = copy({from, onto, args: [`source=${source}`, `destination=${destination}`]});
      expect(outcome.code).toBe(1);
      expect(outcome.error).toContain(message);
    },
  );

  test('hard links within one copy stay hard links', () => {
    const from: Tree = {'s/a': 'x', 's/sub/b': {hard: 's/a'}, 's/c': {hard: 's/a'}};
    const tree = copied({from, args: ['source=s', 'destination=/']});
    expect(tree).toEqual({
      a: 'f 0644 0:0 x =1',
      c: 'f 0644 0:0 x =1',
      sub: 'd 0755 0:0',
      'sub/b': 'f 0644 0:0 x =1',
    });
  });

  test('devices and FIFOs are made anew', () => {
    const from: Tree = {
      's/null': {device: ['c', 1, 3], mode: 0o666},
      's/pipe': {fifo: true, mode: 0o622, uid: 3},
    };
    expect(copied({from, args: ['source=s', 'destination=/']})).toEqual({
      null: 'c 0666 0:0 1,3',
      pipe: 'p 0622 3:0',
    });
  });

  test('a socket of a build context is an empty file, one of an image nothing', () => {
    const source = world.tree({'s/a': '1'});
    python(
      'import socket; socket.socket(socket.AF_UNIX).bind(sys.argv[1]); os.chmod(sys.argv[1], 0o600)',
      `${source}/s/b`,
    );
    const args = ['view=1', `dir=${source}`, 'action=copy', 'view=1', 'source=s', 'destination=/'];
    const [image, context] = [world.tree(), world.tree()];
    world.ok('copy', `upper=${image}`, ...args);
    world.ok('copy', `upper=${context}`, ...args, 'contextowner=1');
    expect(readTree(image)).toEqual({a: 'f 0644 0:0 1'});
    expect(readTree(context)).toEqual({a: 'f 0644 0:0 1', b: 'f 0600 0:0 '});
  });

  test('only listed paths are copied, and the directories on the way to them', () => {
    const from: Tree = {
      's/a': '1',
      's/b': '2',
      's/d': {dir: true, mode: 0o701},
      's/d/e/f': '3',
      's/d/e/g': '4',
      's/empty': {dir: true},
      's/none/x': '5',
    };
    const args = [
      'source=s',
      'destination=/o',
      'only=1',
      'include=s/a',
      'include=s/d/e/f',
      'include=s/empty',
    ];
    expect(copied({from, args})).toEqual({
      o: 'd 0755 0:0',
      'o/a': 'f 0644 0:0 1',
      'o/d': 'd 0701 0:0',
      'o/d/e': 'd 0755 0:0',
      'o/d/e/f': 'f 0644 0:0 3',
      'o/empty': 'd 0755 0:0',
    });
    expect(copied({from, args: ['source=s', 'destination=/o', 'only=1']})).toEqual({o: 'd 0755 0:0'});
  });

  test('a missing source is nothing, or an error when it is required', () => {
    expect(copied({from: {}, args: ['source=none', 'destination=/d/']})).toEqual({});
    const {outcome} = copy({from: {}, args: ['source=none', 'destination=/d/', 'require=1']});
    expect(outcome.error).toContain('none: cannot find the source: no such file or directory');
  });

  test('onto layers, only what changed goes into the new layer', () => {
    const lower = world.tree({'etc/passwd': passwd, 'etc/deep/x': '1', 'usr/y': '2'});
    const [upper, work] = [world.tree(), world.tree()];
    const source = world.tree({'s/new': 'n', 's/x': 'over'});
    const args = [`layer=${lower}`, `upper=${upper}`, `work=${work}`, 'view=1', `dir=${source}`];
    world.ok('copy', ...args, 'action=copy', 'view=1', 'source=s', 'destination=/etc/deep', 'owner=alice');
    expect(readTree(upper, {times: true})).toEqual({
      etc: expect.stringMatching(/^d 0755 0:0/),
      'etc/deep': expect.stringMatching(/^d 0755 0:0/),
      'etc/deep/new': `f 0644 1000:1001 @${longAgo} n`,
      'etc/deep/x': `f 0644 1000:1001 @${longAgo} over`,
    });
    expect(lstatSync(`${upper}/etc/deep`).mtimeMs).toBe(lstatSync(`${lower}/etc/deep`).mtimeMs);
  });

  test('a large file with holes keeps them', () => {
    const source = world.tree({a: 'head'});
    truncateSync(`${source}/a`, 64 << 20);
    const upper = world.tree();
    world.ok(
      'copy',
      `upper=${upper}`,
      'view=1',
      `dir=${source}`,
      'action=copy',
      'view=1',
      'source=a',
      'destination=/',
    );
    const {size, blocks} = lstatSync(`${upper}/a`);
    expect(size).toBe(64 << 20);
    expect(blocks).toBeLessThan(1024);
    expect(readFileSync(`${upper}/a`).subarray(0, 5).toString()).toBe('head\0');
  });

  test('unknown keys and missing ones are refused', () => {
    const upper = world.tree();
    mkdirSync(`${upper}/x`);
    expect(world.run('copy', `upper=${upper}`, 'action=copy', 'bogus=1').error).toContain(
      'unexpected argument',
    );
    expect(world.run('copy', `upper=${upper}`, 'action=copy', 'source=a').error).toContain('needs');
    expect(world.run('copy', 'action=mkdir', 'path=/x').error).toContain('needs upper=');
  });

  test('directories made below a setgid directory inherit its bit, as mkdir(2) does', () => {
    const upper = world.tree({home: {dir: true, mode: 0o2755}});
    world.ok('copy', `upper=${upper}`, 'action=mkdir', 'path=/home/a/b', 'owner=7:8');
    const made = lstatSync(`${upper}/home/a/b`);
    expect((made.mode & 0o7777).toString(8)).toBe('2755');
    expect([made.uid, made.gid]).toEqual([7, 8]);
  });
});
