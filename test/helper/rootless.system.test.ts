// The helper as an ordinary user: the same sandboxes inside a user namespace, with one id or with subordinate ranges.

import {execFileSync} from 'node:child_process';
import {chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {HelperProcess} from '../../src/helper/helper-process.ts';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {makeBase, SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

const nobody = 65534;
const firstSubordinate = 200_000;

const mustWork = process.env['TSBUILD_SYSTEM_MUST_WORK'] === '1';

function whyNoUserNamespaces(): string | undefined {
  const reason = whyNotHere();
  if (reason !== undefined) return reason;
  const missing = ['setpriv', 'unshare'].find((program) => !inPath(program));
  if (missing !== undefined) return `there is no ${missing}`;
  try {
    execFileSync('setpriv', [
      '--reuid',
      `${nobody}`,
      '--regid',
      `${nobody}`,
      '--clear-groups',
      'unshare',
      '-U',
      'true',
    ]);
  } catch {
    return 'ordinary users cannot make user namespaces here';
  }
  return undefined;
}

function inPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, program)));
}

const reason = whyNoUserNamespaces();
if (reason !== undefined && mustWork) throw new Error(reason);
if (reason !== undefined) process.stderr.write(`rootless tests are skipped: ${reason}\n`);

describe.skipIf(reason !== undefined)('as an ordinary user', () => {
  const world = new SandboxWorld();
  const binary = world.path('tsbuild-helper');
  const helpers: HelperProcess[] = [];
  let layers = 0;
  if (reason === undefined) execFileSync('cp', [locateHelper(process.env), binary]);
  afterAll(async () => {
    await Promise.all(helpers.map((helper) => helper.close()));
    await world.close();
  });

  /** A helper that runs as nobody; with `ranges`, /etc/subuid and /etc/subgid name some for it. On a host that `more` has made
   * what it is. */
  function start(ranges: boolean, more = ''): HelperProcess {
    const become = `setpriv --reuid ${nobody} --regid ${nobody} --clear-groups ${binary}`;
    const subids = world.write('subids', ranges ? `nobody:${firstSubordinate}:65536\n` : '');
    const mount = ['subuid', 'subgid'].map(
      (name) => `touch /etc/${name}; mount --bind ${subids} /etc/${name}`,
    );
    const script = world.write(
      `start-${ranges}`,
      `#!/bin/sh\n${mount.join('\n')}\n${more}\nexec ${become} "$@"\n`,
    );
    const outer = world.write(`outer-${ranges}`, `#!/bin/sh\nexec unshare -m ${script} "$@"\n`);
    for (const path of [script, outer]) chmodSync(path, 0o755);
    const helper = new HelperProcess({path: outer});
    helpers.push(helper);
    return helper;
  }

  function newLayer(): {upper: string; view: string[]} {
    const name = `own-${++layers}`;
    makeBase(world.path(name, 'base'));
    for (const part of ['fs', 'work']) world.makeDirectory(`${name}/${part}`);
    execFileSync('chown', ['-R', `${nobody}:${nobody}`, world.path(name)]);
    const upper = world.path(name, 'fs');
    return {
      upper,
      view: [`layer=${world.path(name, 'base')}`, `upper=${upper}`, `work=${world.path(name, 'work')}`],
    };
  }

  async function shell(helper: HelperProcess, layer: {view: string[]}, script: string, more: string[] = []) {
    const out: Buffer[] = [];
    const args = [...layer.view, 'network=none', 'arg=/bin/sh', 'arg=-c', `arg=${script} 2>&1`, ...more];
    const result = await helper.request('run', args, {onStdout: (bytes) => out.push(Buffer.from(bytes))});
    return {result, stdout: Buffer.concat(out).toString()};
  }

  it("has one id without ranges: a sandbox where everything is root's", async () => {
    const helper = start(false);
    expect((await helper.request('probe', [`dir=${newLayer().upper}`])).get('userns')).toBe('single');
    const layer = newLayer();
    const hosts = world.write('hosts', 'hosts\n');
    const script =
      'id; cat /etc/hosts; touch /x; rm /etc/group; head -c 3 /dev/urandom | wc -c; echo x > /dev/null; ls /sys | wc -l > /dev/null && wc -l < /proc/mounts > /dev/null; ip addr | grep -c LOOPBACK';
    const {result, stdout} = await shell(helper, layer, script, [`hosts=${hosts}`, 'epoch=5']);
    expect(result.get('exit')).toBe('0');
    expect(stdout).toBe('uid=0(root) gid=0(root)\nhosts\n3\n1\n');
    expect(readdirSync(layer.upper, {recursive: true}).map(String).toSorted()).toEqual([
      'etc',
      'etc/group',
      'x',
    ]);
    expect(statSync(join(layer.upper, 'x'))).toMatchObject({uid: nobody, gid: nobody, mtimeMs: 5000});
    expect(lstatSync(join(layer.upper, 'etc/group')).isCharacterDevice()).toBe(true);
  });

  it('takes an oom_score_adj in one step after the other', async () => {
    const helper = start(false);
    for (let step = 0; step < 5; step++) {
      const layer = newLayer();
      const base = layer.upper.replace(/fs$/, 'base');
      for (const name of ['dev', 'proc', 'sys', 'tmp']) mkdirSync(join(base, name));
      const {stdout} = await shell(helper, layer, 'cat /proc/self/oom_score_adj', ['oomscore=500']);
      expect(stdout).toBe('500\n');
    }
  });

  it("without ranges, what is given to another user is root's, who can use it", async () => {
    const secret = ['mount=text', 'target=/run/secret', 'content=s', 'mode=400', 'uid=1000', 'gid=1000'];
    const {result, stdout} = await shell(
      start(false),
      newLayer(),
      'stat -c "%u %g %a" /run/secret && cat /run/secret',
      secret,
    );
    expect(result.get('exit')).toBe('0');
    expect(stdout).toBe('0 0 400\ns');
  });

  it('says why other users do not exist without ranges', async () => {
    await expect(shell(start(false), newLayer(), 'id', ['user=app'])).rejects.toMatchObject({
      phase: 'id-maps',
      message: expect.stringContaining('/etc/subuid'),
    });
  });

  it('says what is missing where user namespaces cannot be had', () => {
    // They never can from inside a chroot.
    const jail = world.path('jail');
    makeBase(jail);
    execFileSync('cp', [binary, join(jail, 'bin/helper')]);
    try {
      execFileSync('chroot', [`--userspec=${nobody}:${nobody}`, jail, '/bin/helper', 'probe'], {
        stdio: 'pipe',
      });
      expect.unreachable();
    } catch (error) {
      const {stderr} = error as {stderr: Buffer};
      expect(stderr.toString()).toContain(
        'namespaces: cannot make a user namespace: operation not permitted',
      );
    }
  });

  it('can use the network of the host', async () => {
    const {stdout} = await shell(start(false), newLayer(), 'ls /sys | grep -c kernel', ['network=host']);
    expect(stdout).toBe('1\n');
  });

  it('sees no control groups of the host there', async () => {
    const planted = 'mount -t tmpfs none /sys/fs/cgroup; mkdir -p /sys/fs/cgroup/memory/of-others';
    const look = 'find /sys/fs/cgroup -name of-others; mkdir /sys/fs/cgroup/own';
    const {stdout} = await shell(start(false, planted), newLayer(), look, ['network=host']);
    expect(stdout).toMatch(/^mkdir: .*: Read-only file system\n$/);
  });

  it('masks what the processors tell of their heat, also where some are off', async () => {
    const place = '/sys/devices/system/cpu';
    const tells = [0, 2, 10].map((number) => `${place}/cpu${number}/thermal_throttle`);
    const host = `mount -t tmpfs none /sys; mkdir -p ${tells.join(' ')} ${place}/cpu3 ${place}/cpufreq; touch ${tells[0]}/all ${tells[1]}/all ${tells[2]}/all ${place}/cpufreq/one`;
    const {stdout} = await shell(start(false, host), newLayer(), `ls ${place}; find ${place} -type f`, [
      'network=host',
    ]);
    expect(stdout).toBe(`cpu0\ncpu10\ncpu2\ncpu3\ncpufreq\n${place}/cpufreq/one\n`);
  });

  it('binds, discards, caches and texts work there too', async () => {
    const source = world.path('rootless-source');
    world.write('rootless-source/file', 'file\n');
    const mounts = [
      ...['mount=bind', 'target=/ro', `dir=${source}`, 'ro=1'],
      ...['mount=bind', 'target=/src', `dir=${source}`, 'rw=discard'],
      ...['mount=text', 'target=/secret', 'content=secret', 'mode=0400'],
      ...['mount=tmpfs', 'target=/t'],
    ];
    const layer = newLayer();
    const {stdout} = await shell(
      start(false),
      layer,
      'cat /ro/file /secret; touch /src/new /t/new; ls /src; cat /src/file',
      mounts,
    );
    expect(stdout).toBe('file\nsecretfile\nnew\nfile\n');
    expect(readdirSync(layer.upper)).toEqual([]);
  });

  const noRanges =
    reason === undefined && !inPath('newuidmap') ? 'there is no newuidmap (package uidmap)' : undefined;
  if (noRanges !== undefined && mustWork) throw new Error(noRanges);

  it.skipIf(noRanges !== undefined)('has all ids of the image with subordinate ranges', async () => {
    const helper = start(true);
    expect((await helper.request('probe', [])).get('userns')).toBe('ranges');
    const layer = newLayer();
    const script = 'id; touch /x; chmod 4755 /x; stat -c %u:%g:%a /x; echo out > /dev/stdout';
    expect((await shell(helper, layer, script)).stdout).toBe(
      'uid=0(root) gid=0(root) groups=0(root),10(wheel)\n0:0:4755\nout\n',
    );
    const other = newLayer();
    const asApp = await shell(
      helper,
      other,
      'id; touch x; grep CapEff /proc/self/status; echo out > /dev/stdout',
      ['user=app', 'cwd=/home/app'],
    );
    expect(asApp.stdout).toBe(
      'uid=1000(app) gid=1001(app) groups=10(wheel),1001(app)\nCapEff:\t0000000000000000\nout\n',
    );
    expect(statSync(join(other.upper, 'home/app/x'))).toMatchObject({
      uid: firstSubordinate + 999,
      gid: firstSubordinate + 1000,
    });
  });
});
