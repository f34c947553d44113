// ADD of archives: `copy` with unpack=1 on tars in every compression and dialect (features A81, A82).

import {execFileSync} from 'node:child_process';
import {lstatSync} from 'node:fs';
import {gzipSync} from 'node:zlib';
import {afterAll, describe, expect, test} from 'vitest';
import {
  getXattr,
  hasProgram,
  longAgo,
  python,
  readTree,
  skipBecause,
  type TarMember,
  type Tree,
  TreeWorld,
  tarOf,
  whyNoTrees,
} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

function add(
  content: Uint8Array,
  args: readonly string[],
  onto: Tree = {},
): {outcome: ReturnType<TreeWorld['run']>; upper: string} {
  const upper = world.tree(onto);
  const source = world.newPath();
  execFileSync('mkdir', [source]);
  execFileSync('cp', [world.file(content), `${source}/archive`]);
  const action = ['action=copy', 'view=1', 'source=archive', 'unpack=1', ...args];
  return {
    outcome: world.run('copy', `upper=${upper}`, 'epoch=500000000', 'view=1', `dir=${source}`, ...action),
    upper,
  };
}

function added(
  content: Uint8Array,
  args: readonly string[] = ['destination=/'],
  onto: Tree = {},
): Record<string, string> {
  const {outcome, upper} = add(content, args, onto);
  expect(outcome.error).toBe('');
  return readTree(upper);
}

const members: readonly TarMember[] = [
  {path: 'd', type: '5', mode: 0o750, uid: 7, gid: 8},
  {path: 'd/a', text: 'text', mode: 0o4711, uid: 12, gid: 34},
  {path: 'd/h', type: '1', link: 'd/a'},
  {path: 'l', type: '2', link: '/abs'},
];
const plain = tarOf(members);
const unpackedTree = {
  d: 'd 0750 7:8',
  'd/a': 'f 4711 12:34 text =1',
  'd/h': 'f 4711 12:34 text =1',
  l: 'l 0:0 -> /abs',
};

function compressed(program: string, input: Uint8Array): Buffer {
  return execFileSync(program, ['-c'], {input});
}

describe.skipIf(whyNoTrees() !== undefined)('unpacking an archive', () => {
  test('a plain tar keeps its owners and modes', () => {
    expect(added(plain)).toEqual(unpackedTree);
  });

  test('gzip needs no program, also in several members and with a tail', () => {
    expect(added(gzipSync(plain))).toEqual(unpackedTree);
    const cut = 700;
    const parts = [
      gzipSync(plain.subarray(0, cut)),
      gzipSync(Buffer.alloc(0)),
      gzipSync(plain.subarray(cut)),
    ];
    expect(added(Buffer.concat([...parts, Buffer.alloc(100)]))).toEqual(unpackedTree);
    expect(added(gzipSync(plain, {level: 0}))).toEqual(unpackedTree);
  });

  test('an archive cut within its end, or with something behind it, is refused as docker refuses it', () => {
    // GNU tar's record is 10 KiB of zeros at the end; only the first two blocks of them matter.
    const end = plain.lastIndexOf(Buffer.from('ustar')) - 257;
    const member = plain.subarray(0, end + 512);
    const zeros = Buffer.alloc(1024);
    const errorOf = (tail: Uint8Array): string =>
      add(Buffer.concat([member, tail]), ['destination=/n/', 'unpack=1']).outcome.error;
    expect(errorOf(zeros)).toBe('');
    expect(errorOf(zeros.subarray(0, 512))).toBe('');
    expect(errorOf(zeros.subarray(0, 1023))).toContain('unexpected EOF');
    expect(errorOf(Buffer.concat([zeros.subarray(0, 512), Buffer.alloc(512, 'x')]))).toContain(
      'invalid tar header',
    );
  });

  test.for(['bzip2', 'xz', 'zstd'])('%s is decompressed by its program', (program, context) => {
    if (!hasProgram(program)) return skipBecause(context, `there is no ${program}`);
    expect(added(compressed(program, plain))).toEqual(unpackedTree);
  });

  test('a large archive through every decoder path', () => {
    const words = Array.from(
      {length: 60_000},
      (_, index) => `${(index * 7919) % 10_007} ${index % 97}\n`,
    ).join('');
    const tar = tarOf([{path: 'big', text: words}]);
    expect(added(gzipSync(tar, {level: 9}))['big']).toBe(`f 0644 0:0 ${words}`);
    expect(added(gzipSync(tar, {strategy: 4}))['big']).toBe(`f 0644 0:0 ${words}`);
  });

  test('what is no archive is copied, compressed or not', () => {
    const text = Buffer.from('just text, longer than one block of a tar? no\n'.repeat(20));
    for (const content of [
      text,
      gzipSync(text),
      Buffer.alloc(0),
      Buffer.alloc(1024),
      plain.subarray(0, 511),
    ]) {
      const {outcome, upper} = add(content, ['destination=/n/']);
      expect(outcome.error).toBe('');
      expect(lstatSync(`${upper}/n/archive`).size).toBe(content.length);
    }
  });

  test('the destination is always a directory; it is made 0755, without the mode that was asked for', () => {
    const tree = added(plain, ['destination=/x/archive.tar', 'mode=700']);
    expect(tree).toMatchObject({
      x: 'd 0755 0:0',
      'x/archive.tar': 'd 0755 0:0',
      'x/archive.tar/d': 'd 0750 7:8',
    });
    expect(add(plain, ['destination=/f'], {f: 'a file'}).outcome.error).toContain('not a directory');
  });

  test('an owner takes everything, and the directories made for it', () => {
    expect(added(plain, ['destination=/n', 'owner=1:2'])).toEqual({
      n: 'd 0755 1:2',
      'n/d': 'd 0750 1:2',
      'n/d/a': 'f 4711 1:2 text =1',
      'n/d/h': 'f 4711 1:2 text =1',
      'n/l': 'l 1:2 -> /abs',
    });
  });

  test('what is in the way is replaced, directories merge and take the header, whiteouts are names like any other', () => {
    const onto: Tree = {
      d: {dir: true, mode: 0o700},
      'd/kept': 'k',
      'f/x': 'a directory',
      l: {dir: true},
      'l/y': '',
      s: {link: '/d'},
    };
    const more: TarMember[] = [
      ...members,
      {path: 'f', text: 'now a file'},
      {path: 's', text: '1'},
      {path: 'd/.wh.kept', text: ''},
    ];
    expect(added(tarOf(more), ['destination=/'], onto)).toEqual({
      ...unpackedTree,
      'd/.wh.kept': 'f 0644 0:0 ',
      'd/kept': 'f 0644 0:0 k',
      f: 'f 0644 0:0 now a file',
      s: 'f 0644 0:0 1',
    });
  });

  test('paths and links stay inside the destination', () => {
    const hostile = tarOf([
      {path: '../../escape', text: '1'},
      {path: 'up', type: '2', link: '..'},
      {path: 'up/etc/file', text: '2'},
      {path: 'h', type: '1', link: '../../escape'},
    ]);
    expect(added(hostile, ['destination=/sub'])).toEqual({
      sub: 'd 0755 0:0',
      'sub/escape': 'f 0644 0:0 1 =1',
      'sub/etc': 'd 0755 0:0',
      'sub/etc/file': 'f 0644 0:0 2',
      'sub/h': 'f 0644 0:0 1 =1',
      'sub/up': 'l 0:0 -> ..',
    });
    expect(add(tarOf([{path: 'h', type: '1', link: 'none'}]), ['destination=/']).outcome.error).toContain(
      'hard link to none',
    );
  });

  test('what a symlink leads to is made where it is missing, below the destination', () => {
    const tar = tarOf([
      {path: 'abs/a', text: '1'},
      {path: 'rel', type: '2', link: '../../../r/s'},
      {path: 'rel/b', text: '2'},
    ]);
    expect(added(tar, ['destination=/d'], {'d/abs': {link: '/q'}})).toEqual({
      d: 'd 0755 0:0',
      'd/abs': 'l 0:0 -> /q',
      'd/q': 'd 0755 0:0',
      'd/q/a': 'f 0644 0:0 1',
      'd/r': 'd 0755 0:0',
      'd/r/s': 'd 0755 0:0',
      'd/r/s/b': 'f 0644 0:0 2',
      'd/rel': 'l 0:0 -> ../../../r/s',
    });
  });

  test('a slash at the end of a name makes a directory in old tars only', () => {
    const old: TarMember = {path: 'd/', type: '\0', mode: 0o700};
    const file: TarMember = {path: 'f/', text: 'text'};
    expect(added(tarOf([old, file]))).toEqual({d: 'd 0700 0:0', f: 'f 0644 0:0 text'});
  });

  test('members keep their times, directories that were there too, made ones get the epoch', () => {
    const tar = tarOf([
      {path: 'old/new/a', text: '1', mtime: 42},
      {path: 'e', type: '5', mode: 0o755, mtime: 43},
      {path: 'e/x', text: ''},
    ]);
    const {outcome, upper} = add(tar, ['destination=/t/'], {'t/old': {dir: true}, t: {dir: true}});
    expect(outcome.error).toBe('');
    expect(readTree(upper, {times: true})).toEqual({
      t: `d 0755 0:0 @${longAgo}`,
      't/e': 'd 0755 0:0 @43',
      't/e/x': `f 0644 0:0 @${longAgo} `,
      't/old': `d 0755 0:0 @${longAgo}`,
      't/old/new': 'd 0755 0:0 @500000000',
      't/old/new/a': 'f 0644 0:0 @42 1',
    });
  });

  test('a member for the root itself says nothing about an existing destination', () => {
    const tar = tarOf([
      {path: './', type: '5', mode: 0o700, uid: 9},
      {path: './a', text: '1'},
    ]);
    expect(added(tar, ['destination=/d'])).toEqual({d: 'd 0755 0:0', 'd/a': 'f 0644 0:0 1'});
  });

  test('onto a layer stack, absolute symlinks of the image are followed inside it', () => {
    const lower = world.tree({run: {dir: true}, 'var/run': {link: '/run'}});
    const [upper, work] = [world.tree(), world.tree()];
    const source = world.tree();
    execFileSync('cp', [world.file(tarOf([{path: 'var/run/act/x', text: '1'}])), `${source}/t.tar`]);
    const args = [`layer=${lower}`, `upper=${upper}`, `work=${work}`, 'view=1', `dir=${source}`];
    world.ok('copy', ...args, 'action=copy', 'view=1', 'source=t.tar', 'destination=/', 'unpack=1');
    expect(readTree(upper)).toEqual({
      run: 'd 0755 0:0',
      'run/act': 'd 0755 0:0',
      'run/act/x': 'f 0644 0:0 1',
    });
  });

  test('attributes and times in PAX headers count', () => {
    const file = world.newPath();
    python(
      `
with tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT, pax_headers={'comment': 'global'}) as t:
    m = tarfile.TarInfo('a'); m.size = 1
    m.pax_headers = {'SCHILY.xattr.user.note': 'value', 'mtime': '1234.5678901234', 'path': 'renamed'}
    t.addfile(m, io.BytesIO(b'1'))`,
      file,
    );
    const {upper} = add(
      python('sys.stdout.write(open(sys.argv[1], "rb").read().hex())', file).length > 0
        ? execFileSync('cat', [file])
        : plain,
      ['destination=/'],
    );
    expect(getXattr(`${upper}/renamed`, 'user.note')).toBe(Buffer.from('value').toString('hex'));
    expect(lstatSync(`${upper}/renamed`, {bigint: true}).mtimeNs).toBe(1_234_567_890_123n);
  });

  test.each([
    'gnu',
    'posix --sparse-version=0.0',
    'posix --sparse-version=0.1',
    'posix --sparse-version=1.0',
  ])('sparse files of GNU tar: %s', (format) => {
    const source = world.tree();
    python(
      `
f = open(sys.argv[1], 'wb')
for i in range(60):
    f.seek(i * 300000); f.write(b'%d' % i)
f.truncate(20000000)`,
      `${source}/sparse`,
    );
    const tar = world.newPath();
    const options = format.split(' ').map((word, index) => (index === 0 ? `--format=${word}` : word));
    execFileSync('tar', ['-S', ...options, '-C', source, '-cf', tar, 'sparse']);
    const {outcome, upper} = add(execFileSync('cat', [tar], {maxBuffer: 1 << 26}), ['destination=/']);
    expect(outcome.error).toBe('');
    execFileSync('cmp', [`${source}/sparse`, `${upper}/sparse`]);
    expect(lstatSync(`${upper}/sparse`).blocks).toBeLessThan(2000);
  });

  test('truncated and damaged archives are errors, not half a copy that looks whole', () => {
    const tar = tarOf([{path: 'a', text: 'x'.repeat(100_000)}]);
    const cases = [
      tar.subarray(0, 5000),
      gzipSync(tar).subarray(0, 100),
      Buffer.concat([gzipSync(tar).subarray(0, 150), Buffer.alloc(200, 0xff)]),
    ];
    for (const content of cases) {
      expect(add(content, ['destination=/']).outcome.error).toMatch(
        /unexpected EOF|invalid compressed data|checksum/,
      );
    }
  });

  test('a cut bzip2 archive is an error', (context) => {
    if (!hasProgram('bzip2')) return skipBecause(context, 'there is no bzip2');
    const random = Buffer.from(Array.from({length: 2_000_000}, (_, index) => (index * index * 31) & 0xff));
    const cut = compressed('bzip2', tarOf([{path: 'a', text: random.toString('latin1')}])).subarray(0, -20);
    expect(add(cut, ['destination=/']).outcome.error).toMatch(/bzip2 failed|unexpected EOF/);
  });
});
