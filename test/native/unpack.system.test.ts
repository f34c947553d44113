// `unpack` on layers that others wrote, also hostile ones, and `adopt`, which completes what such layers leave out.

import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync, statSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterAll, describe, expect, test} from 'vitest';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {
  getXattr,
  longAgo,
  makeOpaque,
  python,
  readTree,
  setXattr,
  type TarMember,
  TreeWorld,
  tarOf,
  whyNoTrees,
} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

function unpack(members: readonly TarMember[] | Uint8Array): {
  dir: string;
  outcome: ReturnType<TreeWorld['run']>;
} {
  const dir = world.newPath();
  const file = world.file(members instanceof Uint8Array ? members : tarOf(members));
  return {dir, outcome: world.run('unpack', `in=${file}`, `dir=${dir}`)};
}

function unpacked(members: readonly TarMember[] | Uint8Array): Record<string, string> {
  const {dir, outcome} = unpack(members);
  expect(outcome.error).toBe('');
  return readTree(dir);
}

const gone = 'c 0000 0:0 0,0';
const isOpaque = (path: string): boolean => getXattr(path, 'trusted.overlay.opaque') === '79';

describe.skipIf(whyNoTrees() !== undefined)('unpack', () => {
  test('paths cannot leave the directory', () => {
    const outside = world.tree({victim: 'safe'});
    const tree = unpacked([
      {path: '../../up', text: '1'},
      {path: '/abs/./x', text: '2'},
      {path: 'a/../../b', text: '3'},
      {path: 'out', type: '2', link: outside},
      {path: 'out/victim', text: 'changed'},
      {path: 'rel', type: '2', link: '../../../../../..'},
      {path: 'rel/etc-passwd', text: '4'},
    ]);
    expect(tree).toMatchObject({up: 'f 0644 0:0 1', 'abs/x': 'f 0644 0:0 2', b: 'f 0644 0:0 3'});
    // The links' targets are inside: this one's is made there.
    expect(tree[`${outside.slice(1)}/victim`]).toBe('f 0644 0:0 changed');
    expect(tree).toMatchObject({'etc-passwd': 'f 0644 0:0 4', out: `l 0:0 -> ${outside}`});
    expect(readTree(outside)).toEqual({victim: 'f 0644 0:0 safe'});
  });

  test('a member replaces what is there, and never writes through a link', () => {
    const tree = unpacked([
      {path: 'victim', text: 'safe'},
      {path: 'a', type: '2', link: 'victim'},
      {path: 'a', text: '1'},
      {path: 'd/x', text: '2'},
      {path: 'd', text: 'a file now'},
      {path: 'f', text: '3'},
      {path: 'f', type: '5', mode: 0o700},
      {path: 'f', type: '5', mode: 0o711},
    ]);
    expect(tree).toEqual({
      victim: 'f 0644 0:0 safe',
      a: 'f 0644 0:0 1',
      d: 'f 0644 0:0 a file now',
      f: 'd 0711 0:0',
    });
  });

  test('whiteouts hide what is below this layer only, in any order', () => {
    const {dir, outcome} = unpack([
      {path: 'etc', type: '5', mode: 0o755},
      {path: 'etc/.wh.gone'},
      {path: '.wh.replaced'},
      {path: 'replaced/new', text: '1'},
      {path: 'later', type: '5', mode: 0o755},
      {path: '.wh.later'},
      {path: '.wh.turned'},
      {path: 'turned', type: '5', mode: 0o750},
      {path: '.wh.file'},
      {path: 'file', text: '2'},
      {path: 'all', type: '5', mode: 0o755},
      {path: 'all/.wh..wh..opq'},
      {path: 'made/.wh..wh..opq'},
      {path: '.wh..wh.plnk/x'},
      {path: '.wh..wh.aufs'},
    ]);
    expect(outcome.error).toBe('');
    expect(readTree(dir)).toMatchObject({
      etc: 'd 0755 0:0',
      'etc/gone': gone,
      replaced: 'd 0755 0:0',
      'replaced/new': 'f 0644 0:0 1',
      later: 'd 0755 0:0',
      turned: 'd 0750 0:0',
      file: 'f 0644 0:0 2',
    });
    const opaque = ['etc', 'replaced', 'later', 'turned', 'all', 'made'].filter((name) =>
      isOpaque(`${dir}/${name}`),
    );
    expect(opaque).toEqual(['replaced', 'later', 'turned', 'all', 'made']);
    expect(unpack([{path: 'a/.wh.'}]).outcome.error).toContain('the whiteout names nothing');
    expect(unpack([{path: 'a/.wh...'}]).outcome.error).toContain('the whiteout names nothing');
  });

  test('directories without a header are named, and so are hard links to lower layers', () => {
    const {outcome} = unpack([
      {path: 'usr/lib/x', text: '1'},
      {path: 'usr', type: '5', mode: 0o700},
      {path: 'bin/tool', type: '1', link: 'usr/bin/tool'},
      {path: 'y', type: '1', link: '/usr/lib/x'},
    ]);
    expect(outcome.result).toMatchObject({count: '4', implied: '1', links: '1'});
    expect(outcome.stdout.toString().split('\0')).toEqual(['usr/lib', 'bin/tool', 'usr/bin/tool', '']);
  });

  test('a layer may say what its root is like', () => {
    const {dir, outcome} = unpack([{path: './', type: '5', mode: 0o711, uid: 4, mtime: 99}]);
    expect(outcome.error).toBe('');
    expect(
      python('s = os.stat(sys.argv[1]); print(oct(s.st_mode), s.st_uid, int(s.st_mtime))', dir).trim(),
    ).toBe('0o40711 4 99');
  });

  test('directory times are those of their headers, whatever came later', () => {
    const dir = world.newPath();
    const members = [
      {path: 'd', type: '5', mode: 0o755, mtime: 77},
      {path: 'd/x', text: '1'},
    ];
    world.ok('unpack', `in=${world.file(tarOf(members))}`, `dir=${dir}`);
    expect(readTree(dir, {times: true})).toEqual({d: 'd 0755 0:0 @77', 'd/x': `f 0644 0:0 @${longAgo} 1`});
  });

  test.each(['USTAR_FORMAT', 'GNU_FORMAT', 'PAX_FORMAT'])('%s of Python is understood', (format) => {
    const file = world.newPath();
    python(
      `
with tarfile.open(sys.argv[1], 'w', format=tarfile.${format}) as t:
    def add(name, **kw):
        m = tarfile.TarInfo(name)
        data = kw.pop('data', b'')
        m.size = len(data)
        for k, v in kw.items(): setattr(m, k, v)
        t.addfile(m, io.BytesIO(data))
    add('short', data=b'1', uid=7, gid=8, mode=0o4711, mtime=5)
    add('d' * 90 + '/' + 'e' * 90, data=b'2')
    if '${format}' != 'USTAR_FORMAT':
        add('n' * 300 if False else '/'.join(['p' * 120] * 3), data=b'3')
        add('link', type=tarfile.SYMTYPE, linkname='t' * 200)
        add('huge', uid=2**31, gid=2**31 + 1, data=b'4')
    add('sub', type=tarfile.DIRTYPE, mode=0o1777)
    add('dev', type=tarfile.CHRTYPE, devmajor=5, devminor=1)`,
      file,
    );
    const dir = world.newPath();
    world.ok('unpack', `in=${file}`, `dir=${dir}`);
    const tree = readTree(dir, {times: true});
    expect(tree).toMatchObject({short: 'f 4711 7:8 @5 1', sub: 'd 1777 0:0 @0', dev: 'c 0644 0:0 @0 5,1'});
    expect(tree[`${'d'.repeat(90)}/${'e'.repeat(90)}`]).toBe('f 0644 0:0 @0 2');
    if (format === 'USTAR_FORMAT') return;
    expect(tree[Array(3).fill('p'.repeat(120)).join('/')]).toBe('f 0644 0:0 @0 3');
    expect(tree).toMatchObject({
      link: `l 0:0 @0 -> ${'t'.repeat(200)}`,
      huge: `f 0644 ${2 ** 31}:${2 ** 31 + 1} @0 4`,
    });
  });

  test('attributes come along, but none of those that overlayfs would obey', () => {
    const file = world.newPath();
    python(
      `
with tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT) as t:
    m = tarfile.TarInfo('d'); m.type = tarfile.DIRTYPE; m.mode = 0o755
    m.pax_headers = {'SCHILY.xattr.trusted.overlay.opaque': 'y', 'SCHILY.xattr.user.overlay.opaque': 'y',
                     'SCHILY.xattr.trusted.overlay.redirect': '/etc', 'SCHILY.xattr.user.ok': 'v'}
    t.addfile(m)`,
      file,
    );
    const dir = world.newPath();
    world.ok('unpack', `in=${file}`, `dir=${dir}`);
    expect(python('print(os.listxattr(sys.argv[1]))', `${dir}/d`).trim()).toBe("['user.ok']");
  });

  test('truncated and damaged archives are errors', () => {
    const whole = tarOf([{path: 'a', text: 'x'.repeat(1000)}]);
    expect(unpack(whole.subarray(0, 900)).outcome.error).toContain('unexpected EOF');
    expect(unpack(whole.subarray(0, 300)).outcome.error).toContain('unexpected EOF');
    const damaged = Buffer.from(whole);
    damaged[0] = 0x62;
    expect(unpack(damaged).outcome.error).toContain('invalid tar header');
    expect(unpack([{path: 'a', type: 'Q'}]).outcome.error).toContain("unknown tar type 'Q'");
    // The end may lack its blocks of zeros; nothing at all is an empty layer.
    expect(unpacked(tarOf([{path: 'a', text: '1'}], {end: false}))).toEqual({a: 'f 0644 0:0 1'});
    expect(unpacked(Buffer.alloc(0))).toEqual({});
  });

  test('a layer in gzip is decoded, and the digest is that of its tar', () => {
    const tar = Buffer.concat([tarOf([{path: 'a', text: 'x'.repeat(300_000)}]), Buffer.from('tail')]);
    const digest = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
    const half = Math.floor(tar.length / 2);
    const members = [gzipSync(tar.subarray(0, half)), gzipSync(tar.subarray(half))];
    for (const bytes of [tar, gzipSync(tar), Buffer.concat(members)]) {
      const {dir, outcome} = unpack(bytes);
      expect(outcome).toMatchObject({error: '', result: {diffid: digest}});
      expect(readTree(dir)).toEqual({a: `f 0644 0:0 ${'x'.repeat(300_000)}`});
      const blob = world.newPath();
      const again = world.ok('compress', `in=${world.file(bytes)}`, `out=${blob}`, 'compress=none');
      expect(again.result).toMatchObject({diffid: digest});
    }
  });

  test('a layer in gzip that is cut or damaged is an error, also behind the end of its tar', () => {
    const whole = gzipSync(tarOf([{path: 'a', text: 'x'.repeat(1000)}]));
    const damaged = Buffer.from(whole);
    damaged[whole.length - 6] = (damaged[whole.length - 6] ?? 0) ^ 1;
    expect(unpack(damaged).outcome.error).toContain('cannot read the archive: gzip checksum mismatch');
    for (const length of [3, 30, whole.length - 1]) {
      expect(unpack(whole.subarray(0, length)).outcome.error).toContain('unexpected EOF in compressed data');
    }
  });

  test('a path of more than 4,096 bytes is made', () => {
    const file = world.newPath();
    const depth = 60;
    python(
      `
with tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT) as t:
    m = tarfile.TarInfo('/'.join(['${'x'.repeat(100)}'] * ${depth}) + '/end'); m.size = 1
    t.addfile(m, io.BytesIO(b'1'))`,
      file,
    );
    const dir = world.newPath();
    expect(world.ok('unpack', `in=${file}`, `dir=${dir}`).result).toMatchObject({implied: String(depth)});
    const again = world.newPath();
    expect(world.ok('pack', `layer=${dir}`, `out=${again}`).result['count']).toBe(String(depth + 1));
  });

  test('reads stdin and unix sockets to their end', async () => {
    const tar = Buffer.concat([tarOf([{path: 'a', text: '1'}]), Buffer.alloc(300_000)]);
    const dir = world.newPath();
    expect(world.runWith({input: tar}, 'unpack', 'in=-', `dir=${dir}`).code).toBe(0);
    expect(readTree(dir)).toEqual({a: 'f 0644 0:0 1'});

    const path = world.newPath();
    const server = createServer();
    server.listen(path);
    await once(server, 'listening');
    const other = world.newPath();
    const child = spawn(locateHelper(process.env), ['unpack', `in=unix:${path}`, `dir=${other}`]);
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.end(tar);
    const [code] = await once(child, 'exit');
    server.close();
    expect(code).toBe(0);
    expect(readTree(other)).toEqual({a: 'f 0644 0:0 1'});
  });
});

test.skipIf(whyNoTrees() !== undefined)('zeros in a large file become holes, and nothing else does', () => {
  const kib64 = '\0'.repeat(65_536);
  const texts = {
    ends: `a${kib64.repeat(16)}`,
    middle: `${kib64}b${kib64.repeat(20)}c`,
    all: kib64.repeat(8),
    small: '\0'.repeat(20_000),
  };
  const {dir, outcome} = unpack(Object.entries(texts).map(([path, text]) => ({path, text})));
  expect(outcome.error).toBe('');
  const hasHoles = (name: string): boolean => {
    const {blocks, size} = statSync(join(dir, name));
    return blocks * 512 < size;
  };
  for (const [name, text] of Object.entries(texts))
    expect(readFileSync(join(dir, name), 'latin1')).toBe(text);
  expect(Object.keys(texts).filter(hasHoles)).toEqual(['ends', 'middle', 'all']);
});

describe.skipIf(whyNoTrees() !== undefined)('adopt', () => {
  test('directories take mode, owner, attributes and time from the layers below', () => {
    const bottom = world.tree({
      usr: {dir: true, mode: 0o711, uid: 5, gid: 6},
      'usr/lib': {dir: true, mode: 0o750},
      not: 'a file',
    });
    setXattr(`${bottom}/usr`, 'user.note', '01');
    const middle = world.tree({
      'usr/lib': {dir: true, mode: 0o755, mtime: 5000},
      usr: {dir: true, mode: 0o711, uid: 5, gid: 6},
    });
    const layer = world.tree({'usr/lib/x': '1', 'new/y': '2', 'not/z': '3'});
    const paths = ['usr', 'usr/lib', 'new', 'not'].map((path) => `path=${path}`);
    const {result} = world.ok('adopt', `dir=${layer}`, `layer=${middle}`, `layer=${bottom}`, ...paths);
    expect(result).toEqual({count: '2', missing: '2'});
    const tree = readTree(layer, {times: true});
    expect(tree['usr']).toBe(`d 0711 5:6 @${longAgo}`);
    expect(tree['usr/lib']).toBe('d 0755 0:0 @5000');
  });

  test('with no layers below everything stays as it is', () => {
    const layer = world.tree({'d/x': '1'});
    expect(world.ok('adopt', `dir=${layer}`, 'path=d').result).toEqual({count: '0', missing: '1'});
  });

  test('hard links to a lower layer bring their file up', () => {
    const lower = world.tree({'usr/bin/tool': {file: 'program', mode: 0o755, uid: 9}});
    const layer = world.tree({'bin/other': '1'});
    const links = ['link=bin/tool', 'target=usr/bin/tool', 'link=bin/again', 'target=usr/bin/tool'];
    world.ok('adopt', `dir=${layer}`, `layer=${lower}`, ...links);
    expect(readTree(layer)).toMatchObject({
      'bin/again': 'f 0755 9:0 program =1',
      'bin/tool': 'f 0755 9:0 program =1',
      'usr/bin/tool': 'f 0755 9:0 program =1',
    });
    makeOpaque(`${layer}/bin`);
    expect(world.run('adopt', `dir=${layer}`, `layer=${lower}`, 'link=a', 'target=none').error).toContain(
      'hard link to none',
    );
  });
});
