// The mounts of `run`, and what is left of them in the new layer: nothing.

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {type Layer, makeBase, oldTime, SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

describe.skipIf(whyNotHere() !== undefined)('mounts of a run', () => {
  const world = new SandboxWorld();
  const source = world.path('source');
  world.write('source/file', 'file\n');
  world.write('source/sub/inner', 'inner\n');
  const hosts = world.write('hosts', '127.0.0.1 localhost\n');
  const resolv = world.write('resolv', 'nameserver 192.0.2.1\n');
  afterAll(() => world.close());

  const left = (layer: Layer): string[] => readdirSync(layer.upper, {recursive: true}).map(String).toSorted();
  const mtime = (path: string): number => statSync(path).mtimeMs / 1000;

  it('hosts and resolv.conf are there during the run only', async () => {
    const layer = world.newLayer();
    const files = [`hosts=${hosts}`, `resolv=${resolv}`];
    const {stdout} = await world.shell(
      'cat /etc/hosts /etc/resolv.conf; echo x 2>/dev/null > /etc/hosts || echo ro; stat -c %Y /etc',
      files,
      layer,
    );
    expect(stdout).toBe(`127.0.0.1 localhost\nnameserver 192.0.2.1\nro\n${oldTime}\n`);
    expect(left(layer)).toEqual([]);
  });

  it('a directory that got stubs and a file of the run keeps only the file', async () => {
    const layer = world.newLayer();
    await world.shell('touch /etc/new', [`hosts=${hosts}`, `resolv=${resolv}`], layer);
    expect(left(layer)).toEqual(['etc', 'etc/new']);
    expect(mtime(join(layer.upper, 'etc'))).toBeGreaterThan(oldTime);
  });

  it('a directory that only got stubs but was changed otherwise stays', async () => {
    const layer = world.newLayer();
    await world.shell('chmod 711 /etc', [`hosts=${hosts}`], layer);
    expect(left(layer)).toEqual(['etc']);
    expect(statSync(join(layer.upper, 'etc')).mode & 0o777).toBe(0o711);
    expect(mtime(join(layer.upper, 'etc'))).toBe(oldTime);
  });

  it('files of the image are hidden, not changed', async () => {
    const base = world.path('with-hosts');
    makeBase(base);
    writeFileSync(join(base, 'etc/hosts'), 'of the image\n');
    const layer = world.newLayer([base]);
    const {stdout} = await world.shell('cat /etc/hosts', [`hosts=${hosts}`], layer);
    expect(stdout).toBe('127.0.0.1 localhost\n');
    expect(left(layer)).toEqual([]);
  });

  it('resolv.conf may be a dangling symlink: the target is made and unmade, inside the image', async () => {
    const base = world.path('with-link');
    makeBase(base);
    symlinkSync('../run/systemd/../systemd/stub.conf', join(base, 'etc/resolv.conf'));
    symlinkSync('/../../../../../../../../tmp/tsbuild-escape/hosts', join(base, 'etc/hosts'));
    const layer = world.newLayer([base]);
    const {stdout} = await world.shell(
      'cat /etc/resolv.conf /run/systemd/stub.conf /tmp/tsbuild-escape/hosts',
      [`hosts=${hosts}`, `resolv=${resolv}`],
      layer,
    );
    expect(stdout).toBe(`${'nameserver 192.0.2.1\n'.repeat(2)}127.0.0.1 localhost\n`);
    expect(left(layer)).toEqual([]);
    expect(existsSync('/tmp/tsbuild-escape')).toBe(false);
  });

  it.each(['proc', 'dev', 'sys'])('an image may not choose by a symlink where /%s goes', async (name) => {
    const base = world.path(`linked-${name}`);
    makeBase(base);
    symlinkSync('etc', join(base, name));
    await expect(world.shell('true', [], world.newLayer([base]))).rejects.toMatchObject({
      phase: 'rootfs',
      errno: 20,
    });
  });

  it('binds a directory read-only', async () => {
    const layer = world.newLayer();
    const mount = ['mount=bind', 'target=/src', `dir=${source}`, 'ro=1'];
    const {stdout} = await world.shell(
      'cat /src/file /src/sub/inner; touch /src/x 2>/dev/null || echo ro',
      mount,
      layer,
    );
    expect(stdout).toBe('file\ninner\nro\n');
    expect(left(layer)).toEqual([]);
  });

  it('binds a part of a directory, and a single file', async () => {
    const mounts = [
      ...['mount=bind', 'target=/a/b/c', `dir=${source}`, 'source=/sub', 'ro=1'],
      ...['mount=bind', 'target=/d/file', `dir=${source}`, 'source=sub/inner', 'ro=1'],
    ];
    const layer = world.newLayer();
    const {stdout} = await world.shell('cat /a/b/c/inner /d/file', mounts, layer);
    expect(stdout).toBe('inner\ninner\n');
    expect(left(layer)).toEqual([]);
  });

  it('a source cannot lead out of its view', async () => {
    symlinkSync('/../../../../etc', join(source, 'out'));
    const mount = ['mount=bind', 'target=/x', `dir=${source}`, 'source=out/passwd', 'ro=1'];
    await expect(world.shell('cat /x', mount)).rejects.toMatchObject({phase: 'mounts', errno: 2});
  });

  it('forgets what is written to a discarding bind, of a directory and of layers', async () => {
    const upperLayer = world.makeDirectory('view-upper');
    world.write('view-upper/top', 'top\n');
    const mounts = [
      ...['mount=bind', 'target=/src', `dir=${source}`, 'rw=discard'],
      ...[
        'mount=bind',
        'target=/view',
        `layer=${upperLayer}`,
        `layer=${source}`,
        'source=/sub',
        'rw=discard',
      ],
      ...['mount=bind', 'target=/empty', 'rw=discard'],
    ];
    const layer = world.newLayer();
    const script =
      'rm /src/file; echo new > /src/sub/inner; echo seen > /view/inner; touch /empty/x; ls /src /view /empty; cat /src/sub/inner /view/inner';
    const {stdout} = await world.shell(script, mounts, layer);
    expect(stdout).toBe('/empty:\nx\n\n/src:\nout\nsub\n\n/view:\ninner\nnew\nseen\n');
    expect(readFileSync(join(source, 'file'), 'utf8')).toBe('file\n');
    expect(readFileSync(join(source, 'sub/inner'), 'utf8')).toBe('inner\n');
    expect(left(layer)).toEqual([]);
  });

  it('keeps what is written to a cache', async () => {
    const cache = world.makeDirectory('cache');
    const layer = world.newLayer();
    const mount = ['mount=cache', 'target=/root/.cache/tool', `dir=${cache}`, 'source=/'];
    await world.shell('echo kept > /root/.cache/tool/entry', mount, layer);
    expect(readFileSync(join(cache, 'entry'), 'utf8')).toBe('kept\n');
    expect(left(layer)).toEqual([]);
    const {stdout} = await world.shell(
      'cat /root/.cache/tool/entry; touch /root/.cache/tool/x 2>/dev/null || echo ro',
      [...mount, 'ro=1'],
    );
    expect(stdout).toBe('kept\nro\n');
  });

  it('a mount point that is written beside stays, the mount point itself does not', async () => {
    const layer = world.newLayer();
    await world.shell('touch /var/lib/beside', ['mount=tmpfs', 'target=/var/lib/tool/cache'], layer);
    expect(left(layer)).toEqual(['var', 'var/lib', 'var/lib/beside']);
  });

  it('mounts on top of mounts, in their order', async () => {
    const cache = world.makeDirectory('inner-cache');
    const mounts = [
      ...['mount=bind', 'target=/src', `dir=${source}`, 'rw=discard'],
      ...['mount=cache', 'target=/src/node_modules', `dir=${cache}`],
    ];
    const {stdout} = await world.shell('touch /src/node_modules/x; ls /src', mounts);
    expect(stdout).toBe('file\nnode_modules\nout\nsub\n');
    expect(readdirSync(cache)).toEqual(['x']);
    expect(existsSync(join(source, 'node_modules'))).toBe(false);
  });

  it('a mount point made in a cache is gone from the cache as well', async () => {
    const cache = world.makeDirectory('outer-cache');
    await world.shell('true', [
      'mount=cache',
      'target=/c',
      `dir=${cache}`,
      'mount=tmpfs',
      'target=/c/deep/down',
    ]);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('texts have the owner, mode and bytes they are given, on a file system of their own', async () => {
    const mounts = [
      ...[
        'mount=text',
        'target=/run/secrets/token',
        'content=top secret',
        'mode=0400',
        'uid=1000',
        'gid=1001',
      ],
      ...[
        'mount=text',
        'target=/dev/pipes/EOF',
        `hex=${Buffer.from('#!/bin/sh\necho ran\n').toString('hex')}`,
        'mode=755',
      ],
      ...['mount=text', 'target=/binary', 'hex=00ff00', 'mode=0444', 'uid=0', 'gid=0'],
    ];
    const layer = world.newLayer();
    const script =
      'stat -c %a:%u:%g /run/secrets/token; cat /run/secrets/token; /dev/pipes/EOF; wc -c < /binary; touch /binary 2>/dev/null || echo ro';
    const {stdout} = await world.shell(script, mounts, layer);
    expect(stdout).toBe('400:1000:1001\ntop secretran\n3\nro\n');
    expect(left(layer)).toEqual([]);
  });

  it('tmpfs has its size and is open to everybody', async () => {
    const {stdout} = await world.shell('touch /t/x; stat -c %a /t; grep " /t " /proc/mounts', [
      'user=app',
      'mount=tmpfs',
      'target=/t',
      'size=1048576',
    ]);
    expect(stdout).toMatch(/^1777\n.*size=1024k/);
  });

  it('a socket of the host can be reached, by whom it is given to', async () => {
    const path = world.path('agent.sock');
    const server = createServer((connection) => connection.end());
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const layer = world.newLayer();
    const {stdout} = await world.shell(
      'stat -c "%F %u %g %a" /run/agent',
      ['mount=socket', 'target=/run/agent', `dir=${path}`, 'mode=640', 'uid=5', 'gid=6'],
      layer,
    );
    server.close();
    expect(stdout).toBe('socket 5 6 640\n');
    expect(left(layer)).toEqual([]);
  });

  it('a target of the wrong kind is an error', async () => {
    const mount = ['mount=bind', 'target=/etc/passwd', `dir=${source}`];
    await expect(world.shell('true', mount)).rejects.toMatchObject({
      phase: 'mounts',
      errno: 20,
      path: '/etc/passwd',
    });
    await expect(world.shell('true', ['mount=text', 'target=/etc', 'content=x'])).rejects.toMatchObject({
      errno: 21,
    });
  });

  it('a removed file of the image is a whiteout in the layer, beside no trace of the stubs', async () => {
    const layer = world.newLayer();
    await world.shell('rm /etc/group', [`hosts=${hosts}`, `resolv=${resolv}`], layer);
    expect(left(layer)).toEqual(['etc', 'etc/group']);
    const whiteout = lstatSync(join(layer.upper, 'etc/group'));
    expect([whiteout.isCharacterDevice(), whiteout.rdev]).toEqual([true, 0]);
  });

  it('the root has the owner and mode of the image, not of the layer directory', async () => {
    const base = world.path('closed-root');
    makeBase(base);
    chmodSync(base, 0o511);
    const layer = world.newLayer([base]);
    const {stdout} = await world.shell('stat -c %a /', [], layer);
    expect(stdout).toBe('511\n');
  });

  it('everything the run wrote gets the epoch as its time, at any depth, and nothing else does', async () => {
    const layer = world.newLayer();
    mkdirSync(join(layer.upper, 'before'));
    utimesSync(join(layer.upper, 'before'), oldTime, oldTime);
    const script =
      'mkdir -p /d/e; touch /d/e/f; ln -s f /d/e/l; touch -d @77 /d/old; touch -d @4000000000 /d/future; i=0; while [ $i -lt 600 ]; do mkdir d; cd d || exit 1; i=$((i+1)); done';
    const epoch = oldTime + 12345;
    const {result} = await world.shell(script, [`epoch=${epoch}`, 'cwd=/deep'], layer);
    expect([result.get('exit'), result.get('epoch')]).toEqual(['0', String(epoch)]);
    const times = [
      '',
      'd',
      'd/e',
      'd/e/f',
      'd/e/l',
      'd/old',
      'd/future',
      'before',
      'deep',
      `deep${'/d'.repeat(600)}`,
    ].map((name) => lstatSync(join(layer.upper, name)).mtimeMs / 1000);
    expect(times).toEqual([epoch, epoch, epoch, epoch, epoch, 77, epoch, oldTime, epoch, epoch]);
  });

  it('what was made of sources with times of their own is not older than they are', async () => {
    const layer = world.newLayer();
    writeFileSync(join(layer.upper, 'unpacked'), '');
    utimesSync(join(layer.upper, 'unpacked'), 2000.5, 2000.5);
    const {result} = await world.shell('touch -d @1000 /older; touch /made', ['epoch=1500.000000003'], layer);
    expect(result.get('epoch')).toBe('2001');
    const nanoseconds = ['unpacked', 'older', 'made'].map(
      (name) => lstatSync(join(layer.upper, name), {bigint: true}).mtimeNs,
    );
    expect(nanoseconds).toEqual([2_000_500_000_000n, 1_000_000_000_000n, 2_001_000_000_003n]);
  });

  it('the source time inside a fresh .pyc becomes the epoch too', async () => {
    const pyc = (magic: string, flags: number, seconds: number): string =>
      magic +
      [flags, seconds, 5]
        .map((number) => Buffer.from(new Uint32Array([number]).buffer).toString('hex'))
        .join('');
    const late = 4_000_000_000;
    const names = {
      'fresh.pyc': pyc('a70d0d0a', 0, late),
      'old.pyc': pyc('a70d0d0a', 0, 1000),
      'hashed.pyc': pyc('a70d0d0a', 1, late),
      'python2.pyc': pyc('03f30d0a', 0, late),
      'fresh.txt': pyc('a70d0d0a', 0, late),
    };
    const octal = (hex: string): string =>
      [...Buffer.from(hex, 'hex')].map((byte) => `\\\\${byte.toString(8).padStart(3, '0')}`).join('');
    const script = Object.entries(names)
      .map(([name, hex]) => `printf "${octal(hex)}" > /${name}`)
      .join('\n');
    const layer = world.newLayer();
    await world.shell(script, ['epoch=1000000'], layer);
    const seconds = Object.keys(names).map((name) => readFileSync(join(layer.upper, name)).readUInt32LE(8));
    expect(seconds).toEqual([1_000_000, 1000, late, late, late]);
  });
});
