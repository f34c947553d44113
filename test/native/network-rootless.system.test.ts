// Networks of sandboxes as an ordinary user: the same, in a namespace behind slirp4netns.

import {execFileSync} from 'node:child_process';
import {chmodSync} from 'node:fs';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {NetworkWorld, whyNoNetworks, worldAddress} from '../support/network-world.ts';
import {whyMissing} from '../support/packages.mjs';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

const user = 54_322;

function whyNoSlirp(): string | undefined {
  try {
    const missing = whyMissing('slirp4netns');
    if (missing !== undefined) throw new Error(missing);
    execFileSync('unshare', ['--user', '--net', 'true'], {stdio: 'pipe', uid: user, gid: user});
    return undefined;
  } catch (error) {
    return `ordinary users have no networks here: ${error instanceof Error ? error.message : error}`;
  }
}

const reason = whyNotHere() ?? whyNoNetworks() ?? whyNoSlirp();
if (reason !== undefined) process.stderr.write(`rootless network tests are skipped: ${reason}\n`);

describe.skipIf(reason !== undefined)('a sandbox of an ordinary user', () => {
  const sandboxes = new SandboxWorld();
  const world = new NetworkWorld(sandboxes);
  beforeAll(() => world.start());
  afterAll(async () => {
    await world.close();
    await sandboxes.close();
  });

  /** On a machine of everyday use /dev/net/tun is for everybody; here it is made so, for these processes alone. */
  function startHelper(path = '$PATH') {
    const binary = sandboxes.path('helper-of-user');
    execFileSync('cp', [locateHelper(process.env), binary]);
    const script = sandboxes.write(
      'as-user.sh',
      `mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 || exit 1
export PATH="${path}"
exec /usr/bin/setpriv --reuid ${user} --regid ${user} --clear-groups -- "$@"\n`,
    );
    chmodSync(script, 0o755);
    return world.startHelper(`unshare --mount sh ${script}`, binary);
  }

  function layerOfUser() {
    const layer = sandboxes.newLayer();
    execFileSync('chown', ['-R', `${user}:${user}`, `${layer.upper}/..`]);
    return layer;
  }

  it('reaches the world, the resolver of the host, and no neighbour', async () => {
    await world.serve('world', `${worldAddress}:80`, 'the world');
    await world.serve('router', '127.0.0.1:80', 'private');
    const helper = startHelper();
    const lease = await world.lease(helper);
    expect(lease).toMatchObject({hostAddress: '203.0.113.1', hostResolver: '10.0.2.3'});
    const shell = async (script: string) =>
      (await world.shell(helper, lease.argument, script, layerOfUser())).stdout;
    const fetch = (address: string) =>
      `busybox timeout 20 busybox wget -q -O - http://${address}/ 2>&1 || echo no answer`;
    expect(await shell(fetch(worldAddress))).toBe('the world');
    // slirp4netns would pass 10.0.2.2 on to the loopback device of the host, if it were let.
    expect(await shell(fetch('10.0.2.2'))).toContain('no answer');
    await using one = await world.stay(helper, lease.argument, 'true', layerOfUser());
    await using other = await world.stay(helper, lease.argument, 'true', layerOfUser());
    expect([one.address, other.address]).toEqual(Array(2).fill(expect.stringMatching(/^10\.221\.0\.\d+$/)));
    expect(other.address).not.toBe(one.address);
  });

  it('is told what to install', async () => {
    const helper = startHelper('/nowhere');
    await expect(world.lease(helper)).rejects.toThrow('an ordinary user needs slirp4netns for it');
  });
});
