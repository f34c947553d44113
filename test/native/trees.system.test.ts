// Looking at trees (`scan`, `digest`) and getting rid of them (`remove`), at any depth and whatever is in them.

import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {chmodSync, existsSync, lstatSync, readdirSync, writeFileSync} from 'node:fs';
import {afterAll, describe, expect, test} from 'vitest';
import {
  capability,
  hasProgram,
  longAgo,
  makeOpaque,
  python,
  readTree,
  setXattr,
  skipBecause,
  type Tree,
  TreeWorld,
  whiteout,
  whyNoTrees,
} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

interface ScanRecord {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: bigint;
  readonly mtime: bigint;
  readonly mtimeNs: number;
  readonly nlink: number;
  readonly flags: number;
  readonly inode: bigint;
  readonly rdev: readonly [number, number];
  readonly target: string;
  readonly capability: string;
  readonly digest: string;
}

/** Decodes by the page of the protocol, not by the client's code. */
function recordsIn(data: Buffer): ScanRecord[] {
  const records: ScanRecord[] = [];
  for (let at = 0; at < data.length; at += data.readUInt32LE(at)) {
    const length = data.readUInt32LE(at);
    const [pathLength, targetLength, capabilityLength] = [80, 84, 88].map((field) =>
      data.readUInt32LE(at + field),
    );
    let next = at + 92;
    const take = (count = 0): Buffer => {
      next += count;
      return data.subarray(next - count, next);
    };
    const flags = data.readUInt32LE(at + 52);
    records.push({
      path: take(pathLength).toString('latin1'),
      mode: data.readUInt32LE(at + 4),
      uid: data.readUInt32LE(at + 8),
      gid: data.readUInt32LE(at + 12),
      size: data.readBigUInt64LE(at + 16),
      mtime: data.readBigInt64LE(at + 24),
      mtimeNs: data.readUInt32LE(at + 32),
      nlink: data.readUInt32LE(at + 36),
      flags,
      inode: data.readBigUInt64LE(at + 56),
      rdev: [data.readUInt32LE(at + 72), data.readUInt32LE(at + 76)],
      target: take(targetLength).toString(),
      capability: take(capabilityLength).toString('hex'),
      digest: take(flags & 1 ? 32 : 0).toString('hex'),
    });
    expect(next).toBe(at + length);
  }
  return records;
}

const scan = (...args: string[]): ScanRecord[] => recordsIn(world.ok('scan', ...args).stdout);
const paths = (...args: string[]): string[] => scan(...args).map(({path}) => path);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Directories in one another, deeper than any path may be long. */
function deepTree(depth: number): string {
  const root = world.tree();
  python(
    `
os.chdir(sys.argv[1])
for i in range(int(sys.argv[2])):
    os.mkdir('dir')
    os.chdir('dir')
open('bottom', 'w').write('x')`,
    root,
    String(depth),
  );
  return root;
}

describe.skipIf(whyNoTrees() !== undefined)('scan', () => {
  test('says everything about every kind of entry', () => {
    const root = world.tree({
      f: {file: 'text', mode: 0o4755, uid: 5, gid: 6, mtime: -86_400},
      h: {hard: 'f'},
      l: {link: '../away'},
      c: {device: ['c', 1, 3], mode: 0o666},
      p: {fifo: true},
      'd/x': '',
    });
    setXattr(`${root}/f`, 'security.capability', capability);
    const records = scan(`dir=${root}`, 'digest=1');
    expect(records.map(({path}) => path)).toEqual(['.', 'c', 'd', 'd/x', 'f', 'h', 'l', 'p']);
    const status = lstatSync(`${root}/f`, {bigint: true});
    expect(records[4]).toEqual({
      path: 'f',
      mode: 0o104755,
      uid: 5,
      gid: 6,
      size: 4n,
      mtime: -86_400n,
      mtimeNs: 0,
      nlink: 2,
      flags: 3,
      inode: status.ino,
      rdev: [0, 0],
      target: '',
      capability,
      digest: sha256('text'),
    });
    expect(records[1]).toMatchObject({mode: 0o20666, rdev: [1, 3], size: 0n});
    expect(records[6]).toMatchObject({mode: 0o120777, target: '../away', size: 7n, mtime: BigInt(longAgo)});
    expect(records[0]).toMatchObject({mode: 0o40755, size: 0n});
  });

  test('tells attributes of files and directories of layers, and of a context only what COPY takes along', () => {
    const root = world.tree({f: 'text', x: {file: '', mode: 0o755}, d: {dir: true}});
    setXattr(`${root}/x`, 'security.capability', capability);
    for (const path of ['x', 'f', 'd']) setXattr(`${root}/${path}`, 'user.note', '01');
    const told = (...args: string[]): Record<string, string> =>
      Object.fromEntries(scan(...args).map(({path, capability: attributes}) => [path, attributes]));
    const note = `${Buffer.from('user.note\0').toString('hex')}${sha256('\x01')}`;
    expect(told(`layer=${root}`)).toEqual({'.': '', d: note, f: note, x: `${capability}${note}`});
    expect(told(`dir=${root}`)).toEqual({'.': '', d: '', f: '', x: capability});
  });

  test('walks depth first, names of a directory in byte order', () => {
    const tree: Tree = {a: {dir: true}, 'a/z': '', 'a-b': '', 'a.b': '', B: '', é: '', 'ab/c': ''};
    expect(paths(`dir=${world.tree(tree)}`)).toEqual([
      '.',
      'B',
      'a',
      'a/z',
      'a-b',
      'a.b',
      'ab',
      'ab/c',
      'Ã©',
    ]);
  });

  test('walks only the paths asked for, counts those that are missing, and does not enter pruned ones', () => {
    const root = world.tree({'a/b/c': '', 'a/d': '', e: '', 'f/g': ''});
    const {stdout, result} = world.ok(
      'scan',
      `dir=${root}`,
      'path=/a/',
      'path=./e',
      'path=none',
      'path=e/x',
      'prune=a/b',
    );
    expect(recordsIn(stdout).map(({path}) => path)).toEqual(['a', 'a/b', 'a/d', 'e']);
    expect(result).toEqual({count: '4', missing: '2'});
  });

  test('does not enter directories of a pruned name, wherever they are', () => {
    const root = world.tree({'a/skip/x': '', 'skip/y': '', 'a/skipped/z': '', 'b/skip': ''});
    expect(paths(`dir=${root}`, 'path=.', 'prunename=skip')).toEqual([
      ...['.', 'a', 'a/skip', 'a/skipped', 'a/skipped/z', 'b', 'b/skip', 'skip'],
    ]);
  });

  test('follows symlinks in the parents of a path, inside the root; the last one only if asked', () => {
    const root = world.tree({
      'real/sub/x': '',
      link: {link: '/real'},
      out: {link: '../../../../etc'},
      last: {link: 'link/sub'},
    });
    expect(paths(`dir=${root}`, 'path=link/sub')).toEqual(['link/sub', 'link/sub/x']);
    expect(scan(`dir=${root}`, 'path=last')).toMatchObject([{path: 'last', target: 'link/sub'}]);
    expect(paths(`dir=${root}`, 'path=last', 'follow=1')).toEqual(['last', 'last/x']);
    expect(world.ok('scan', `dir=${root}`, 'path=out', 'path=out/passwd', 'follow=1').result).toEqual({
      count: '0',
      missing: '2',
    });
    expect(scan(`dir=${root}`, 'path=link/sub/x', 'follow=1', 'digest=1')).toMatchObject([
      {digest: sha256('')},
    ]);
  });

  test('shows layers merged, without whiteouts', () => {
    const bottom = world.tree({'etc/a': 'old', 'etc/b': '', 'gone/x': '', 'dir/old': ''});
    const top = world.tree({'etc/a': 'new', gone: whiteout, 'dir/new': ''});
    makeOpaque(`${top}/dir`);
    const layers = [`layer=${top}`, `layer=${bottom}`];
    expect(paths(...layers)).toEqual(['.', 'dir', 'dir/new', 'etc', 'etc/a', 'etc/b']);
    expect(scan(...layers, 'path=etc/a', 'digest=1')).toMatchObject([{digest: sha256('new')}]);
    expect(paths()).toEqual(['.']);
  });

  test('thousands of levels are no problem: neither for descriptors nor for paths', {
    timeout: 180_000,
  }, () => {
    // Paths grow with the square of the depth: 3,000 levels are 18 MB of names, and longer than PATH_MAX.
    const root = deepTree(3000);
    const {result} = world.ok('scan', `dir=${root}`);
    expect(result).toEqual({count: '3002', missing: '0'});
    const copy = world.tree();
    const copied = world.ok(
      'copy',
      `upper=${copy}`,
      'view=1',
      `dir=${root}`,
      'action=copy',
      'view=1',
      'source=.',
      'destination=/',
    );
    expect(copied.result).toEqual({count: '3001', bytes: '1'});
    const tar = world.newPath();
    expect(world.ok('pack', `layer=${copy}`, `out=${tar}`).result['count']).toBe('3001');
    const deeper = deepTree(10_000);
    const gone = world.ok('remove', `path=${root}`, `path=${copy}`, `path=${deeper}`);
    expect(gone.result['count']).toBe('16006');
    expect([root, copy, deeper].some((path) => existsSync(path))).toBe(false);
  });

  test('a directory that cannot be listed is an error that names it', (context) => {
    const root = world.tree({'open/x': '', 'closed/y': ''});
    chmodSync(`${root}/closed`, 0);
    if (!hasProgram('setpriv')) return skipBecause(context, 'there is no setpriv');
    chmodSync(root, 0o755);
    const helper = process.env['TSBUILD_HELPER'] ?? 'native/tsbuild-helper';
    const run = () =>
      execFileSync('setpriv', ['--reuid=65534', '--clear-groups', helper, 'scan', `dir=${root}`], {
        stdio: 'pipe',
      });
    expect(run).toThrow(/closed: cannot list the directory: permission denied/);
  });
});

describe.skipIf(whyNoTrees() !== undefined)('digest', () => {
  test('gives the digests of files in order, zeros for what is no file', () => {
    const root = world.tree({
      a: 'one',
      l: {link: 'a'},
      d: {dir: true},
      p: {fifo: true},
      'd/b': 'two',
      out: {link: '/../../etc/passwd'},
    });
    const names = ['d/b', 'a', 'l', 'd', 'p', 'none', 'out'];
    const {stdout, result} = world.ok('digest', `dir=${root}`, ...names.map((name) => `file=${name}`));
    const zeros = '0'.repeat(64);
    const expected = [sha256('two'), sha256('one'), sha256('one'), zeros, zeros, zeros, zeros];
    expect(stdout.toString('hex')).toBe(expected.join(''));
    expect(result).toEqual({count: '7', bytes: '9'});
  });

  test('with a header of mode and size before each file, as BuildKit hashes it', () => {
    const root = world.tree({a: 'hello\n'});
    chmodSync(`${root}/a`, 0o4640);
    const head = 'namemode2464uid0gid0size6typeflag0linknameunamegnamedevmajor0devminor0';
    const {stdout} = world.ok('digest', `dir=${root}`, 'tarsum=1', 'file=a');
    expect(stdout.toString('hex')).toBe(sha256(`${head}hello\n`));
    const plain = world.ok('digest', `dir=${root}`, 'file=a');
    expect(plain.stdout.toString('hex')).toBe(sha256('hello\n'));
  });

  test('long lists, shared by threads, come in order too', () => {
    const root = world.tree();
    const names = Array.from({length: 2000}, (_, index) => `f${index}`);
    for (const name of names) writeFileSync(`${root}/${name}`, name);
    const list = world.file(names.map((name) => `file=${name}\0`).join(''));
    const {stdout} = world.ok('digest', `dir=${root}`, `@${list}`);
    expect(stdout.toString('hex')).toBe(names.map(sha256).join(''));
  });

  test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 4096, 1_000_003])('a file of %i bytes', (size) => {
    const root = world.tree();
    const bytes = Buffer.alloc(size, 'abcdefg');
    writeFileSync(`${root}/a`, bytes);
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect(world.ok('digest', `dir=${root}`, 'file=a').stdout.toString('hex')).toBe(expected);
  });
});

describe.skipIf(whyNoTrees() !== undefined)('remove', () => {
  test('removes trees and files, whatever their modes, and never follows a symlink', () => {
    const outside = world.tree({victim: 'safe'});
    const root = world.tree({
      'a/b/c': '',
      'a/locked/x': '',
      'a/link': {link: outside},
      'a/dev': {device: ['c', 1, 3]},
      keep: '',
      file: '',
      link: {link: outside},
    });
    chmodSync(`${root}/a/locked`, 0);
    const removed = ['a', 'file', 'link', 'none', 'none/x'].map((name) => `path=${root}/${name}`);
    expect(world.ok('remove', ...removed).result).toEqual({count: '9'});
    expect(readdirSync(root)).toEqual(['keep']);
    expect(readTree(outside)).toEqual({victim: 'f 0644 0:0 safe'});
  });

  test('within a directory nothing outside of it can be named, and no symlink is on the way', () => {
    const outside = world.tree({victim: 'safe'});
    const root = world.tree({'a/b/c': '', 'way/link': {link: outside}, last: {link: outside}});
    expect(world.ok('remove', `dir=${root}`, 'path=a/b', 'path=last', 'path=none/x').result).toEqual({
      count: '3',
    });
    for (const path of ['way/link/victim', '../victim', `${outside}/victim`]) {
      expect(world.run('remove', `dir=${root}`, `path=${path}`).code).not.toBe(0);
    }
    expect(Object.keys(readTree(root)).sort()).toEqual(['a', 'way', 'way/link']);
    expect(readTree(outside)).toEqual({victim: 'f 0644 0:0 safe'});
  });

  test('what an ordinary user made unreadable is removed for that user', (context) => {
    if (!hasProgram('setpriv')) return skipBecause(context, 'there is no setpriv');
    const root = world.tree({'a/locked/x': ''});
    python('for r, d, f in os.walk(sys.argv[1]):\n  os.chown(r, 65534, 65534)', root);
    chmodSync(`${root}/a/locked`, 0);
    chmodSync(`${root}/a`, 0o555);
    const helper = process.env['TSBUILD_HELPER'] ?? 'native/tsbuild-helper';
    execFileSync('setpriv', ['--reuid=65534', '--clear-groups', helper, 'remove', `path=${root}/a`], {
      stdio: 'pipe',
    });
    expect(readdirSync(root)).toEqual([]);
  });

  test('something mounted inside stops it', () => {
    const root = world.tree({'a/mount': {dir: true}, safe: {dir: true}, 'safe/x': ''});
    const helper = process.env['TSBUILD_HELPER'] ?? 'native/tsbuild-helper';
    const script = 'mount --bind "$1/safe" "$1/a/mount" && exec "$2" remove "path=$1/a"';
    const run = () =>
      execFileSync('unshare', ['-m', 'sh', '-c', script, 'sh', root, helper], {
        stdio: 'pipe',
        encoding: 'utf8',
      });
    expect(run).toThrow(/a\/mount: something is mounted here/);
    expect(existsSync(`${root}/safe/x`)).toBe(true);
  });

  test('a path without a name is refused', () => {
    for (const path of ['/', '.', '..', '/tmp/..']) {
      expect(world.run('remove', `path=${path}`).error).toContain('without a name');
    }
  });
});

describe.skipIf(whyNoTrees() !== undefined)('sync', () => {
  test('succeeds for a directory and says which one it cannot open', () => {
    expect(world.ok('sync', `dir=${world.tree()}`).result).toEqual({});
    expect(world.run('sync', 'dir=/nowhere').error).toContain('/nowhere: cannot open the directory');
  });
});
