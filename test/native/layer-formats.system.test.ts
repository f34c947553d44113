// What `pack` and `compress` write besides the usual layer: eStargz, read by a reader of its own that goes by the
// format's specification; squashed layers; times that are clamped; another compression of the same tar.

import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {gunzipSync, inflateRawSync} from 'node:zlib';
import {afterAll, describe, expect, test} from 'vitest';
import {
  capability,
  python,
  readTree,
  setXattr,
  TreeWorld,
  whiteout,
  whyNoTrees,
} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function pack(layers: readonly string[], ...args: string[]) {
  const file = world.newPath();
  const {result} = world.ok('pack', ...layers.map((layer) => `layer=${layer}`), `out=${file}`, ...args);
  return {file, result};
}

const namesIn = (file: string): string[] =>
  python('print("\\n".join(m.name for m in tarfile.open(sys.argv[1])))', file).trim().split('\n');

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly size?: number;
  readonly offset?: number;
  readonly chunkOffset?: number;
  readonly chunkSize?: number;
  readonly chunkDigest?: string;
  readonly digest?: string;
  readonly modtime?: string;
  readonly mode?: number;
  readonly linkName?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** One gzip member, however much follows it. */
function memberAt(blob: Buffer, offset: number): Buffer {
  expect(blob.subarray(offset, offset + 3)).toEqual(Buffer.from([0x1f, 0x8b, 8]));
  return inflateRawSync(blob.subarray(offset + 10));
}

/** Goes from the footer to the table, and from the table to the files. */
function readEstargz(blob: Buffer): {entries: readonly Entry[]; table: Buffer; file(name: string): Buffer} {
  const footer = blob.subarray(-51);
  expect(footer.subarray(0, 4)).toEqual(Buffer.from([0x1f, 0x8b, 8, 4]));
  expect(gunzipSync(footer).length).toBe(0);
  const [, digits] =
    /^SG\x16\x00([0-9a-f]{16})STARGZ$/.exec(footer.subarray(12, 38).toString('latin1')) ?? [];
  const archive = memberAt(blob, Number.parseInt(digits ?? '', 16));
  expect(archive.subarray(0, 17).toString()).toBe('stargz.index.json');
  const table = archive.subarray(512, 512 + Number.parseInt(archive.subarray(124, 135).toString(), 8));
  const {version, entries} = JSON.parse(table.toString()) as {version: number; entries: Entry[]};
  expect(version).toBe(1);
  const file = (name: string): Buffer => {
    const first = entries.findIndex((entry) => entry.name === name && entry.type === 'reg');
    const {size = 0, digest} = entries[first] ?? {};
    const pieces: Buffer[] = [];
    for (let index = first, done = 0; done < size; index++) {
      const entry = entries[index];
      expect(entry?.name).toBe(name);
      expect(entry?.chunkOffset ?? 0).toBe(done);
      const piece = memberAt(blob, entry?.offset ?? -1).subarray(0, entry?.chunkSize ?? size - done);
      expect(sha256(piece)).toBe(entry?.chunkDigest);
      pieces.push(piece);
      done += piece.length;
    }
    const whole = Buffer.concat(pieces);
    expect(sha256(whole)).toBe(digest);
    return whole;
  };
  return {entries, table, file};
}

const large = Buffer.alloc(2_500_000, 'no repetition of a power of two ');

describe.skipIf(whyNoTrees() !== undefined)('eStargz', () => {
  const tree = () => {
    const layer = world.tree({
      'a/small': {file: 'small', mode: 0o4755},
      'a/again': {hard: 'a/small'},
      empty: '',
      link: {link: 'a/small'},
      old: {file: 'x', mtime: -1},
      'stargz.index.json': 'somebody’s own',
      '"quoted"\n': 'name',
      gone: whiteout,
    });
    writeFileSync(`${layer}/large`, large);
    setXattr(`${layer}/a/small`, 'security.capability', capability);
    return layer;
  };

  test('every file is found by the table, and is what its digests say', () => {
    const {file, result} = pack([tree()], 'compress=estargz');
    const blob = readFileSync(file);
    const {entries, table, file: read} = readEstargz(blob);
    expect(result['table']).toBe(sha256(table));
    expect(read('large').equals(large)).toBe(true);
    expect(read('a/again').toString()).toBe('small');
    expect(read('"quoted"\n').toString()).toBe('name');
    expect(read('.no.prefetch.landmark')).toEqual(Buffer.from([15]));
    const named = Object.fromEntries(entries.map((entry) => [entry.name, entry]));
    expect(entries[0]?.name).toBe('.no.prefetch.landmark');
    expect(named['a/']).toMatchObject({type: 'dir'});
    expect(named['a/small']).toMatchObject({type: 'hardlink', linkName: 'a/again'});
    expect(named['a/again']).toMatchObject({
      mode: 0o4755,
      xattrs: {'security.capability': expect.any(String)},
    });
    expect(named['link']).toMatchObject({type: 'symlink', linkName: 'a/small'});
    expect(named['empty']?.digest).toBe(sha256(Buffer.alloc(0)));
    expect(named['old']?.modtime).toBe('1969-12-31T23:59:59Z');
    expect(named['.wh.gone']).toMatchObject({type: 'reg'});
    expect(named['stargz.index.json']).toBeUndefined();
  });

  test('for everybody else it is a tar with gzip', () => {
    const {file, result} = pack([tree()], 'compress=estargz');
    const blob = readFileSync(file);
    expect(sha256(blob)).toBe(result['digest']);
    const tar = gunzipSync(blob);
    expect(sha256(tar)).toBe(result['diffid']);
    expect(tar.length).toBe(Number(result['size']));
    const plain = new Set(namesIn(pack([tree()], 'compress=none').file));
    const names = namesIn(file);
    expect(names.filter((name) => !plain.has(name))).toEqual(['.no.prefetch.landmark']);
    expect(names.at(-1)).toBe('stargz.index.json');
  });

  test('the same tree is the same bytes', () => {
    const one = tree();
    expect(pack([one], 'compress=estargz', 'level=9').result).toEqual(
      pack([one], 'compress=estargz', 'level=9').result,
    );
  });
});

describe.skipIf(whyNoTrees() !== undefined)('base=N', () => {
  test('the layers above the lowest N are one, with whiteouts for what went', () => {
    const base = world.tree({
      'etc/kept': 'kept',
      'etc/gone': 'gone',
      'dir/a': 'a',
      'dir/b': 'b',
      'file-then-dir': 'x',
      untouched: 'u',
    });
    const middle = world.tree({
      'etc/gone': whiteout,
      'etc/new': 'new',
      brief: 'brief',
      'dir/c': 'c',
      'etc/kept': 'x',
    });
    const top = world.tree({
      brief: whiteout,
      'dir/a': whiteout,
      'file-then-dir': whiteout,
      'etc/new': 'newer',
    });
    const last = world.tree({'file-then-dir/now': 'a directory'});
    const {file} = pack([last, top, middle, base], 'base=1');
    expect(
      namesIn(file)
        .filter((name) => !name.endsWith('dir') && name !== 'etc')
        .sort(),
    ).toEqual(['dir/.wh.a', 'dir/c', 'etc/.wh.gone', 'etc/kept', 'etc/new', 'file-then-dir/now'].sort());
    // Unpacked on the base it shows what the four layers showed.
    const dir = world.newPath();
    world.ok('unpack', `in=${file}`, `dir=${dir}`);
    const shown = (layers: readonly string[]) => {
      const all = pack(layers, 'flatten=1');
      const merged = world.newPath();
      world.ok('unpack', `in=${all.file}`, `dir=${merged}`);
      return readTree(merged);
    };
    expect(Object.keys(shown([dir, base])).sort()).toEqual(
      Object.keys(shown([last, top, middle, base])).sort(),
    );
  });

  test('base=0 is everything, without a whiteout', () => {
    const base = world.tree({a: 'a', b: 'b'});
    const top = world.tree({a: whiteout, c: 'c'});
    expect(namesIn(pack([top, base], 'base=0').file)).toEqual(['b', 'c']);
  });

  test('a base of all layers leaves nothing to pack', () => {
    const layer = world.tree({a: 'a'});
    const {error} = world.run('pack', `layer=${layer}`, 'base=1', `out=${world.newPath()}`);
    expect(error).toMatch(/base leaves no layer to squash/);
  });
});

test.skipIf(whyNoTrees() !== undefined)('latest= makes nothing younger, and leaves what is older', () => {
  const layer = world.tree({
    young: {file: '', mtime: 2_000_000_000},
    'dir/far': {file: '', mtime: 8_589_934_592},
    old: {file: '', mtime: -5},
  });
  const {file} = pack([layer], 'latest=1000000000');
  const script = 'print({m.name: int(m.mtime) for m in tarfile.open(sys.argv[1]) if m.isfile()})';
  expect(python(script, file).trim()).toBe("{'dir/far': 1000000000, 'old': -5, 'young': 1000000000}");
});

describe.skipIf(whyNoTrees() !== undefined)('compress', () => {
  test.each(['none', 'gzip', 'zstd'])('writes the same tar with %s', (compression) => {
    const layer = world.tree({a: 'x'.repeat(3_000_000)});
    const plain = pack([layer], 'compress=none');
    const direct = pack([layer], `compress=${compression}`);
    const out = world.newPath();
    const {result} = world.ok('compress', `in=${plain.file}`, `out=${out}`, `compress=${compression}`);
    const {count: _, compressor: __, ...expected} = direct.result;
    expect(result).toEqual(expected);
    expect(readFileSync(out).equals(readFileSync(direct.file))).toBe(true);
  });

  test('says what it misses', () => {
    expect(world.run('compress', 'out=x').error).toMatch(/compress needs in= and out=/);
    expect(world.run('compress', 'in=x', 'out=y', 'compress=lzw').error).toMatch(/expected one of/);
  });
});
