// The layer at the bottom of a step's root, with the helper that stacks it.

import {chmodSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {makeMountPoints} from '../../src/network/mount-points.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

describe.skipIf(whyNotHere() !== undefined)('the layer of mount points', () => {
  const world = new SandboxWorld();
  afterAll(() => world.close());
  const files = [`hosts=${world.write('hosts', 'h')}`, `resolv=${world.write('resolv', 'r')}`];
  const points = makeMountPoints(world.makeDirectory('points'));

  /** An image that has nothing of what is mounted in sandboxes, but a file in /etc. */
  const bare = (name: string): string => {
    const root = world.makeDirectory(name);
    world.write(`${name}/etc/own`, 'own');
    return root;
  };

  const run = async (image: string, below: readonly string[], script: string) => {
    const upper = world.makeDirectory(`${image}-upper`);
    const view = [bare(image), world.base, ...below].map((path) => `layer=${path}`);
    const change = [`upper=${upper}`, `work=${world.makeDirectory(`${image}-work`)}`];
    let stdout = '';
    const args = [...view, ...change, 'arg=/bin/sh', 'arg=-c', `arg=${script}`, 'env=PATH=/bin', ...files];
    const result = await world.helper.request('run', [...args, 'network=none', 'epoch=7.0'], {
      onStdout: (bytes) => {
        stdout += Buffer.from(bytes).toString();
      },
    });
    expect(result.get('exit')).toBe('0');
    return {stdout, upper, result};
  };

  it('shows a step the same, and leaves the layer of a step that does nothing untouched', async () => {
    const script = 'ls -a /etc; cat /etc/hosts /etc/resolv.conf; stat -c "%n %a %u %F" /etc /dev /proc /sys';
    const without = await run('without', [], script);
    const beside = await run('beside', [points], script);
    expect(beside.stdout).toBe(without.stdout);
    expect(beside.stdout).toContain('hr');
    expect(readdirSync(beside.upper)).toEqual([]);
    expect(beside.result.get('unchanged')).toBe('1');
  });

  it('puts nothing of itself into a layer that changes what is around it', async () => {
    const {upper} = await run('around', [points], 'echo mine > /etc/mine; rm /etc/own; chmod 700 /etc');
    expect(readdirSync(join(upper, 'etc')).toSorted()).toEqual(['mine', 'own']);
    expect(readdirSync(upper)).toEqual(['etc']);
  });

  it('has the same times and modes whenever and by whomever it is made', () => {
    const before = process.umask(0o077);
    const parent = world.makeDirectory('of-a-group');
    chmodSync(parent, 0o2775);
    const careful = makeMountPoints(parent);
    process.umask(before);
    for (const layer of [points, careful]) {
      for (const name of ['', 'etc', 'proc', 'etc/hosts']) {
        const {mtimeMs, mode} = statSync(join(layer, name));
        expect([name, mtimeMs, (mode & 0o7777).toString(8)]).toEqual([
          name,
          0,
          name.endsWith('s') ? '644' : '755',
        ]);
      }
    }
  });
});
