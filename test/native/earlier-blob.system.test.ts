// A layer that continues another is packed from the blob of that one (docs/adr/0029): the same bytes as from all the
// files, without reading them, and blocks that have no change are not compressed again.

import {createHash} from 'node:crypto';
import {existsSync, readFileSync, statSync} from 'node:fs';
import {gzipSync} from 'node:zlib';
import {afterAll, describe, expect, test} from 'vitest';
import {digestOf} from '../../src/oci/digest.ts';
import {header, member, record} from '../support/tar-bytes.ts';
import {
  capability,
  longAgo,
  makeOpaque,
  python,
  setXattr,
  type Tree,
  TreeWorld,
  whiteout,
  whyNoTrees,
} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

/** Text that compresses by half, the same for the same name. */
function text(name: string, length = 20_000): string {
  return createHash('shake256', {outputLength: length / 2})
    .update(name)
    .digest('hex');
}

const longName = `${'d'.repeat(60)}/${'e'.repeat(60)}/${'f'.repeat(90)}`;

const below: Tree = {
  app: {dir: true, mode: 0o750},
  'app/held': {dir: true},
  'app/base': 'base',
};

const earlier: Tree = {
  ...below,
  'app/base': 'above',
  ...Object.fromEntries(Array.from({length: 300}, (_, n) => [`app/part-${n % 7}/file-${n}`, text(`${n}`)])),
  'app/dir/in/it': 'it',
  'app/dir-b': 'sorts before what is in dir',
  'app/file': 'a file',
  'app/gone': 'gone',
  'app/held/only': 'the only one',
  'app/large': text('large', 6 << 20),
  'app/link': {link: 'large'},
  'app/déjà/vu': 'not ASCII',
  [`app/${longName}`]: 'split by ustar',
  [`app/${'n'.repeat(200)}`]: 'in a PAX record',
};

interface Layers {
  readonly layers: readonly string[];
  /** Of the earlier one. */
  readonly blob: string;
}

function layersOn(change: Tree, tree: Tree): Layers {
  const [upper, first, base] = [world.tree(change), world.tree(tree), world.tree(below)];
  return {layers: [upper, first, base], blob: pack([first, base])};
}

let made: Layers | undefined;

/** The change on the earlier layer, which is there once. */
function layersOf(change: Tree): Layers {
  if (made === undefined) {
    const {layers} = layersOn({}, earlier);
    setXattr(`${layers[1]}/app/part-1/file-1`, 'security.capability', capability);
    made = {layers, blob: pack(layers.slice(1))};
  }
  return {layers: [world.tree(change), ...made.layers.slice(1)], blob: made.blob};
}

function arguments_(layers: readonly string[], more: readonly string[]): readonly string[] {
  return [...layers.map((layer) => `layer=${layer}`), 'compress=gzip', 'level=6', ...more];
}

let compressor = '';

function pack(layers: readonly string[], ...more: readonly string[]): string {
  const out = world.newPath();
  const {result} = world.ok('pack', ...arguments_(layers, [`out=${out}`, ...more]));
  compressor = result['compressor'] ?? '';
  return out;
}

/** The blob as that of the earlier layer, made by this helper. */
function continuing(blob: string, digest = existsSync(blob) ? digestOf(readFileSync(blob)) : ''): string[] {
  return ['top=2', `earlier=${blob}`, `digest=${digest}`, `compressor=${compressor}`];
}

/** Why this blob is not taken as that of the earlier layer. */
function refusal(layers: readonly string[], ...args: readonly string[]): string {
  return world.run('pack', ...arguments_(layers, [...args, 'out=-'])).error;
}

/** How many bytes at their ends two files have in common. */
function commonEnd(a: Buffer, b: Buffer): number {
  let count = 0;
  while (count < Math.min(a.length, b.length) && a.at(-1 - count) === b.at(-1 - count)) count++;
  return count;
}

const changes: Readonly<Record<string, Tree>> = {
  'nothing at all': {},
  'a file in the middle, which becomes longer': {'app/part-3/file-3': text('another', 30_000)},
  'files at both ends, and new ones': {'app/base': 'x', a: 'first', 'app/zz': 'last', 'z/z': text('z')},
  'what is gone, and what is in it': {'app/gone': whiteout, 'app/dir': whiteout, 'app/part-4': whiteout},
  'a directory that becomes a file, and a file a directory': {
    'app/dir': 'a file now',
    'app/file/inside': 'inside',
    'app/gone': {link: 'nowhere'},
  },
  'the only thing in a directory that was there below': {
    app: {dir: true, mode: 0o750},
    'app/held': {dir: true},
    'app/held/only': whiteout,
  },
  'a file that becomes what was there below': {'app/base': 'base'},
  'names that ustar has no room for': {
    [`app/${'n'.repeat(200)}`]: 'edited',
    [`app/${longName}`]: whiteout,
    'app/déjà/entendu': 'new',
  },
  'the large file and one in front of it': {'app/base': text('base', 5000), 'app/large': 'small now'},
  'modes, owners and times': {
    'app/part-2': {dir: true, mode: 0o700, uid: 5},
    'app/part-2/file-2': {file: text('2'), mtime: longAgo + 1},
  },
};

describe.skipIf(whyNoTrees() !== undefined)('packing from the blob of the layer that is continued', () => {
  test.each(Object.entries(changes))('gives the same bytes after a change of %s', (_, change) => {
    const {layers, blob} = layersOf(change);
    const whole = world.ok('pack', ...arguments_(layers, ['top=2', `out=${world.path('whole')}`]));
    const from = world.ok('pack', ...arguments_(layers, [...continuing(blob), `out=${world.path('from')}`]));
    expect(from.result).toEqual(whole.result);
    expect(readFileSync(world.path('from')).equals(readFileSync(world.path('whole')))).toBe(true);
  });

  test('reads no file that did not change', () => {
    const {layers, blob} = layersOf({'app/part-3/file-3': 'edited'});
    const whole = pack(layers, 'top=2');
    const [changed = '', , ...base] = layers;
    const without = [changed, world.tree(), ...base];
    expect(readFileSync(pack(without, ...continuing(blob))).equals(readFileSync(whole))).toBe(true);
  });

  test('gives blocks behind a change as they were, those of a large file too', () => {
    const {layers, blob} = layersOf({'app/base': text('longer', 5432)});
    const [was, is] = [readFileSync(blob), readFileSync(pack(layers, 'top=2'))];
    // All but about one block, which is 1 MiB of text that compresses by half.
    expect(commonEnd(was, is)).toBeGreaterThan(is.length - (3 << 18));
  });

  test('gives the same however the threads run that compress what changed', () => {
    const {layers, blob} = layersOf({'app/part-3/file-3': 'edited', 'app/part-6/file-6': 'edited'});
    const whole = readFileSync(pack(layers, 'top=2'));
    const equal = Array.from({length: 8}, () =>
      readFileSync(pack(layers, ...continuing(blob))).equals(whole),
    );
    expect(equal).not.toContain(false);
  });

  test('reads a blob whose blocks are cut elsewhere', () => {
    const {layers} = layersOf({'app/part-3/file-3': 'edited'});
    const tar = world.newPath();
    world.ok('pack', ...layers.slice(1).map((layer) => `layer=${layer}`), `out=${tar}`);
    const bytes = readFileSync(tar);
    const pieces = Array.from({length: Math.ceil(bytes.length / 100_001)}, (_, n) =>
      gzipSync(bytes.subarray(n * 100_001, (n + 1) * 100_001)),
    );
    const from = pack(layers, ...continuing(world.file(Buffer.concat(pieces))));
    expect(readFileSync(from).equals(readFileSync(pack(layers, 'top=2')))).toBe(true);
  });

  test('refuses what pack does not write, for the files to be read instead', () => {
    const {layers, blob} = layersOf({'app/part-3/file-3': 'edited'});
    const refused = (file: string): string => refusal(layers, ...continuing(file));
    const bytes = readFileSync(blob);
    const flipped = Buffer.from(bytes);
    flipped[bytes.length >> 1] = (flipped[bytes.length >> 1] ?? 0) ^ 1;
    const sequence = /earlier: .*the blob is no sequence of small gzip members/;
    expect(refused(world.file('no gzip'))).toMatch(sequence);
    expect(refused(world.file(gzipSync(Buffer.alloc(2 << 20))))).toMatch(sequence);
    expect(refused(world.file(flipped))).toMatch(sequence);
    expect(refused(world.file(gzipSync('x'.repeat(5000))))).toMatch(/no tar as it is written here/);
    expect(refused('/nowhere')).toMatch(/cannot open the blob/);
    expect(refused(world.file(bytes.subarray(0, bytes.length >> 1)))).toMatch(sequence);
  });

  test('refuses members without a name, and hard links, whose other name may be another file now', () => {
    const {layers, blob} = layersOn({file: 'edited'}, {...below, file: 'was', name: {hard: 'file'}});
    expect(refusal(layers, ...continuing(blob))).toMatch(/earlier: .*the blob has hard links/);
    expect(pack(layers, 'top=2')).toBeDefined();
    const records = record('mtime', '1');
    const nameless = [member({name: 'x', type: 'x'}, records), header({name: ''}), Buffer.alloc(1024)];
    const refused = refusal(layers, ...continuing(world.file(gzipSync(Buffer.concat(nameless)))));
    expect(refused).toMatch(/no tar as it is written here/);
  });

  test('refuses paths that are too long for the kernel, which packing the files has not', () => {
    const {layers, blob} = layersOn({}, below);
    const script = `
os.chdir(sys.argv[1])
for n in range(17):
    os.mkdir('d' * 250)
    os.chdir('d' * 250)
open('bottom', 'w').write('x')`;
    python(script, layers[0] ?? '');
    expect(refusal(layers, ...continuing(blob))).toMatch(/earlier: .*a path is too long/);
    expect(readFileSync(pack(layers, 'top=2')).length).toBeGreaterThan(statSync(blob).size);
  });

  test('keeps nothing of members that it has passed on', () => {
    const {layers} = layersOn({}, below);
    const records = record('SCHILY.xattr.user.long', 'x'.repeat(60_000));
    const one = Buffer.concat([member({name: 'x', type: 'x'}, records), header({name: 'file'})]);
    const block = gzipSync(Buffer.concat(Array(16).fill(one)));
    const blob = world.file(Buffer.concat([...Array(90).fill(block), gzipSync(Buffer.alloc(1024))]));
    const script = `
import resource, subprocess
subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)`;
    const request = ['pack', ...arguments_(layers, continuing(blob))];
    const kib = Number(python(script, world.helper, ...request, `out=${world.newPath()}`));
    // What they say are 86 MB.
    expect(kib).toBeLessThan(64 << 10);
  });

  test('refuses a blob that was changed in bits that no check of gzip covers', () => {
    const {layers, blob} = layersOf({});
    const bytes = readFileSync(blob);
    const digest = digestOf(bytes);
    expect(pack(layers, ...continuing(world.file(bytes), digest))).toBeDefined();
    // The system that the first member says it is from.
    bytes[9] = 3;
    expect(refusal(layers, ...continuing(world.file(bytes), digest))).toMatch(
      /earlier: .*is damaged on disk/,
    );
    const longer = Buffer.concat([readFileSync(blob), gzipSync('behind the end')]);
    expect(refusal(layers, ...continuing(world.file(longer), digest))).toMatch(/is damaged on disk/);
  });

  test('refuses a blob of another compressor or level, which would have given other bytes', () => {
    const {layers, blob} = layersOf({});
    const [top = '', from = '', digest = ''] = continuing(blob);
    const run = (...more: readonly string[]): string => refusal(layers, top, from, digest, ...more);
    const other = /earlier: .*made by .*, which is not used now/;
    expect(run('compressor=zlib')).toMatch(other);
    for (const form of ['level=9', 'compress=zstd', 'compress=none'])
      expect(run(`compressor=${compressor}`, form)).toMatch(other);
    expect(run(`compressor=${compressor.replace(/6$/, '9')}`, 'level=9')).toBe('');
  });

  test('refuses an opaque directory, and other forms than a continued layer', () => {
    const {layers, blob} = layersOf({'app/dir': {dir: true}});
    makeOpaque(`${layers[0]}/app/dir`);
    const [top = '', ...from] = continuing(blob);
    const run = (...more: readonly string[]): string => refusal(layers, ...from, ...more);
    expect(run(top)).toMatch(/earlier: .*a directory is opaque/);
    expect(run()).toMatch(/earlier needs top=2/);
    expect(refusal(layers, top, `earlier=${blob}`)).toMatch(/earlier needs digest= and compressor=/);
    const forms = ['compare=content', 'flatten=1', 'base=1', 'latest=1', 'allxattrs=1', 'rootmember=1'];
    for (const form of [...forms, 'compress=estargz']) expect(run(top, form)).toMatch(/and no other form/);
  });

  test('ends blocks where another compression of the same tar ends them', () => {
    const {layers, blob} = layersOf({});
    const [tar, out] = [world.newPath(), world.newPath()];
    world.ok('pack', ...layers.slice(1).map((layer) => `layer=${layer}`), `out=${tar}`);
    world.ok('compress', `in=${tar}`, `out=${out}`, 'compress=gzip', 'level=6');
    expect(readFileSync(out).equals(readFileSync(blob))).toBe(true);
  });
});
