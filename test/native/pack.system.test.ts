// Layers as tars and back: what `pack` writes is read by GNU tar and Python, and `unpack` makes the same layer of it again.

import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, statSync, truncateSync, writeFileSync} from 'node:fs';
import {gunzipSync} from 'node:zlib';
import {afterAll, describe, expect, test} from 'vitest';
import {
  capability,
  getXattr,
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

const longName = 'n'.repeat(200);
const longPath = `${'d'.repeat(60)}/${'e'.repeat(60)}/${'f'.repeat(90)}`;

const everything: Tree = {
  'a-b': 'sorts before a/',
  a: {dir: true, mode: 0o1777},
  'a/file': {file: 'content', mode: 0o4755, uid: 12, gid: 34},
  'a/hard': {hard: 'a/file'},
  'a.b': {file: 'x'.repeat(511)},
  'dev/null': {device: ['c', 1, 3], mode: 0o666},
  'dev/disk': {device: ['b', 259, 70_000], mode: 0o660, gid: 6},
  fifo: {fifo: true, mode: 0o600},
  gone: whiteout,
  future: {file: '', mtime: 4_102_444_800},
  far: {file: '', mtime: 8_589_934_592},
  early: {file: '', mtime: -86_400},
  big: {file: '', uid: 3_000_000, gid: 2_097_152},
  link: {link: '/a/../somewhere'},
  longlink: {link: `/${'t'.repeat(150)}`},
  [longName]: 'long',
  [longPath]: 'split by ustar',
  'déjà-vu': 'not ASCII',
  'opaque/new': 'only this',
};

function layerOfEverything(): string {
  const layer = world.tree(everything);
  setXattr(`${layer}/a/file`, 'security.capability', capability);
  makeOpaque(`${layer}/opaque`);
  return layer;
}

function pack(layer: string, ...args: string[]): {file: string; result: Readonly<Record<string, string>>} {
  const file = world.newPath();
  return {file, result: world.ok('pack', `layer=${layer}`, `out=${file}`, ...args).result};
}

/** u::rw-, u:7:r--, g::r--, m::r--, o::r--, as posix_acl_xattr_header. */
const acl =
  '02000000' +
  '01000600ffffffff' +
  '0200040007000000' +
  '04000400ffffffff' +
  '10000400ffffffff' +
  '20000400ffffffff';

const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const namesIn = (file: string): string[] =>
  python('print("\\n".join(m.name + ("/" if m.isdir() else "") for m in tarfile.open(sys.argv[1])))', file)
    .trim()
    .split('\n');

describe.skipIf(whyNoTrees() !== undefined)('pack', () => {
  test('members are in byte order of their paths, directories with their slash', () => {
    const {file} = pack(layerOfEverything());
    const names = namesIn(file);
    expect(names).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    expect(names.slice(0, 6)).toEqual(['.wh.gone', 'a-b', 'a.b', 'a/', 'a/file', 'a/hard']);
    expect(names).toContain('opaque/.wh..wh..opq');
    expect(names.every((name) => !name.startsWith('./') && !name.startsWith('/'))).toBe(true);
  });

  test('several trees lie in directories of their own, hard links with them', () => {
    const one = world.tree({'etc/a': 'one', 'etc/b': {hard: 'etc/a'}});
    const other = world.tree({'etc/a': 'other'});
    const file = world.newPath();
    const views = ['view=0', `layer=${one}`, 'prefix=left', 'view=1', `dir=${other}`, 'prefix=right'];
    world.ok('pack', ...views, 'flatten=1', 'epoch=86400', `out=${file}`);
    expect(namesIn(file)).toEqual([
      'left/',
      'left/etc/',
      'left/etc/a',
      'left/etc/b',
      'right/',
      'right/etc/',
      'right/etc/a',
    ]);
    const script = `
t = tarfile.open(sys.argv[1])
m = t.getmember("left")
print(oct(m.mode), m.uid, m.gid, int(m.mtime), t.getmember("left/etc/b").linkname)
print(t.extractfile("left/etc/a").read().decode(), t.extractfile("right/etc/a").read().decode())`;
    expect(python(script, file)).toBe('0o755 0 0 86400 left/etc/a\none other\n');
  });

  test('several trees as one layer make no sense', () => {
    const tree = world.tree({a: 'x'});
    const {error} = world.run(
      'pack',
      'view=0',
      `dir=${tree}`,
      'view=1',
      `dir=${tree}`,
      `out=${world.newPath()}`,
    );
    expect(error).toMatch(/several views need flatten=1/);
  });

  test('Python reads every field as it was', () => {
    const {file} = pack(layerOfEverything());
    const script = `
for m in tarfile.open(sys.argv[1]):
    if m.name in sys.argv[2:]:
        numbers = (m.uid, m.gid, m.size, int(m.mtime))
        names = (m.linkname[:9], m.devmajor, m.devminor, m.uname + m.gname)
        print(m.name[:8], m.type.decode(), oct(m.mode), *numbers, *names)`;
    const names = [
      'a/file',
      'a/hard',
      'dev/disk',
      'fifo',
      '.wh.gone',
      'far',
      'early',
      'big',
      'link',
      'longlink',
      longName,
    ];
    expect(
      python(script, file, ...names)
        .trimEnd()
        .split('\n'),
    ).toEqual([
      '.wh.gone 0 0o0 0 0 0 0  0 0 ',
      `a/file 0 0o4755 12 34 7 ${longAgo}  0 0 `,
      `a/hard 1 0o4755 12 34 0 ${longAgo} a/file 0 0 `,
      `big 0 0o644 3000000 2097152 0 ${longAgo}  0 0 `,
      `dev/disk 4 0o660 0 6 0 ${longAgo}  259 70000 `,
      'early 0 0o644 0 0 0 -86400  0 0 ',
      'far 0 0o644 0 0 0 8589934592  0 0 ',
      `fifo 6 0o600 0 0 0 ${longAgo}  0 0 `,
      `link 2 0o777 0 0 0 ${longAgo} /a/../som 0 0 `,
      `longlink 2 0o777 0 0 0 ${longAgo} /tttttttt 0 0 `,
      `nnnnnnnn 0 0o644 0 0 4 ${longAgo}  0 0`,
    ]);
  });

  test('PAX headers are written only where ustar is too small', () => {
    const {file} = pack(layerOfEverything());
    const script =
      'print("\\n".join(m.name[:9] + " " + ",".join(m.pax_headers) for m in tarfile.open(sys.argv[1]) if m.pax_headers))';
    expect(python(script, file).trim().split('\n')).toEqual([
      'a/file SCHILY.xattr.security.capability',
      'big uid,gid',
      'déjà-vu path',
      'early mtime',
      'far mtime',
      'longlink linkpath',
      'nnnnnnnnn path',
    ]);
  });

  test('GNU tar lists and compares it', () => {
    const {file} = pack(layerOfEverything());
    const listed = execFileSync('tar', ['--numeric-owner', '-tvf', file], {encoding: 'utf8'});
    expect(listed).toContain('hrwsr-xr-x 12/34');
    expect(listed.split('\n').length).toBe(namesIn(file).length + 1);
  });

  test('pack, unpack and pack again give the same bytes', () => {
    const {file, result} = pack(layerOfEverything());
    const dir = world.newPath();
    const unpacked = world.ok('unpack', `in=${file}`, `dir=${dir}`);
    expect(unpacked.result).toMatchObject({implied: '0', links: '0', skipped: '0', unmapped: '0'});
    expect(getXattr(`${dir}/opaque`, 'trusted.overlay.opaque')).toBe('79');
    expect(getXattr(`${dir}/a/file`, 'security.capability')).toBe(capability);
    expect(readTree(dir)).toEqual(readTree(layerOfEverything()));
    expect(pack(dir).result['diffid']).toBe(result['diffid']);
  });

  test('names that are no UTF-8 survive', () => {
    const layer = world.tree();
    const name = Buffer.from([...Buffer.from(`${layer}/`), 0xff, 0xfe, 0x0a, 0x2d]);
    writeFileSync(name, 'x');
    const {file, result} = pack(layer);
    const dir = world.newPath();
    world.ok('unpack', `in=${file}`, `dir=${dir}`);
    expect(readTree(dir)).toEqual({'\xff\xfe\n-': 'f 0644 0:0 x'});
    expect(pack(dir).result['diffid']).toBe(result['diffid']);
  });

  test('diffid, digest and sizes are those of the bytes', () => {
    const layer = layerOfEverything();
    const plain = pack(layer);
    const bytes = readFileSync(plain.file);
    expect(plain.result).toMatchObject({diffid: sha256(bytes), digest: sha256(bytes)});
    expect(Number(plain.result['size'])).toBe(bytes.length);
    const outcome = world.ok('pack', `layer=${layer}`, 'out=-');
    expect(outcome.stdout.equals(bytes)).toBe(true);
    expect(outcome.result).toEqual({
      diffid: sha256(bytes),
      size: String(bytes.length),
      count: plain.result['count'],
    });
  });

  test('gzip is a sequence of members with nothing variable in them', (context) => {
    const layer = world.tree({a: 'x'.repeat(3 << 20), b: 'y'.repeat(100)});
    const first = world.run('pack', `layer=${layer}`, `out=${world.newPath()}`, 'compress=gzip', 'level=6');
    if (first.error.includes('without libdeflate')) return skipBecause(context, first.error);
    const {file, result} = pack(layer, 'compress=gzip', 'level=6');
    const stored = readFileSync(file);
    expect(result['digest']).toBe(sha256(stored));
    expect(Number(result['stored'])).toBe(stored.length);
    expect(stored.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
    expect(sha256(gunzipSync(stored))).toBe(result['diffid']);
    expect(pack(layer).result['diffid']).toBe(result['diffid']);
    // One thread gives what several do.
    const alone = world.newPath();
    execFileSync(
      'taskset',
      [
        '-c',
        '0',
        process.env['TSBUILD_HELPER'] ?? 'native/tsbuild-helper',
        'pack',
        `layer=${layer}`,
        `out=${alone}`,
        'compress=gzip',
        'level=6',
      ],
      {stdio: 'pipe'},
    );
    expect(readFileSync(alone).equals(stored)).toBe(true);
  });

  test('zstd is decompressed by zstd', (context) => {
    const layer = world.tree({a: 'x'.repeat(3 << 20)});
    const file = world.newPath();
    const outcome = world.run('pack', `layer=${layer}`, `out=${file}`, 'compress=zstd');
    if (outcome.error.includes('without libzstd')) return skipBecause(context, outcome.error);
    if (!hasProgram('zstd')) return skipBecause(context, 'there is no zstd');
    const plain = execFileSync('zstd', ['-dcq', file], {maxBuffer: 1 << 26});
    expect(sha256(plain)).toBe(outcome.result['diffid']);
  });

  test('only the topmost layer is written, or, flattened, what all of them show', () => {
    const lower = world.tree({'etc/a': '1', 'etc/b': '2', 'old/x': '3', 'whole/y': '4'});
    const upper = world.tree({'etc/b': 'new', old: whiteout, 'whole/z': '5'});
    makeOpaque(`${upper}/whole`);
    const layers = [`layer=${upper}`, `layer=${lower}`];
    const file = world.newPath();
    world.ok('pack', ...layers, `out=${file}`);
    expect(namesIn(file)).toEqual(['.wh.old', 'etc/', 'etc/b', 'whole/', 'whole/.wh..wh..opq', 'whole/z']);
    world.ok('pack', ...layers, 'flatten=1', `out=${file}`);
    expect(namesIn(file)).toEqual(['etc/', 'etc/a', 'etc/b', 'whole/', 'whole/z']);
  });

  test('attributes of users and ACLs are left out as by BuildKit, those of overlayfs always', () => {
    const layer = world.tree({a: '1', d: {dir: true}});
    setXattr(`${layer}/a`, 'user.note', '00');
    setXattr(`${layer}/a`, 'system.posix_acl_access', acl);
    setXattr(`${layer}/d`, 'user.overlay.opaque', '79');
    setXattr(`${layer}/d`, 'trusted.overlay.origin', '00');
    const script = 'print([sorted(m.pax_headers) for m in tarfile.open(sys.argv[1])])';
    expect(python(script, pack(layer).file).trim()).toBe('[[], []]');
    const both = "['SCHILY.xattr.system.posix_acl_access', 'SCHILY.xattr.user.note']";
    expect(python(script, pack(layer, 'allxattrs=1').file).trim()).toBe(`[${both}, []]`);
  });

  test('an empty layer is two blocks of zeros', () => {
    expect(pack(world.tree()).result).toMatchObject({
      diffid: 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
      size: '1024',
      count: '0',
    });
  });

  test('a file of 9 GiB, all hole, has its size in PAX', (context) => {
    if (process.env['TSBUILD_SLOW_TESTS'] !== '1') {
      return skipBecause(context, 'it writes 9 GiB; TSBUILD_SLOW_TESTS=1 runs it');
    }
    const layer = world.tree({a: ''});
    truncateSync(`${layer}/a`, 9 * 2 ** 30);
    const {file} = pack(layer);
    expect(python('print(next(iter(tarfile.open(sys.argv[1]))).size)', file).trim()).toBe(
      String(9 * 2 ** 30),
    );
    expect(statSync(file).size).toBeGreaterThan(9 * 2 ** 30);
  });

  test('unwritable places and unknown values are clear errors', () => {
    const layer = world.tree();
    mkdirSync(`${layer}/d`);
    expect(world.run('pack', `layer=${layer}`, 'out=/nowhere/x').error).toContain(
      '/nowhere/x: cannot make the file',
    );
    expect(world.run('pack', `layer=${layer}`, 'out=-', 'compress=lzma').error).toContain(
      'expected one of none',
    );
    expect(world.run('pack', 'layer=/nowhere', 'out=-').error).toContain(
      '/nowhere: cannot open the directory',
    );
  });
});
