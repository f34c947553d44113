// The tree verbs as an ordinary user without subordinate ids: everything belongs to root of the user namespace, and
// what only the host's root may make is left out, counted.

import {execFileSync, spawnSync} from 'node:child_process';
import {chmodSync, chownSync, lstatSync, mkdirSync} from 'node:fs';
import {afterAll, describe, expect, test} from 'vitest';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {
  getXattr,
  hasProgram,
  readTree,
  type TarMember,
  TreeWorld,
  tarOf,
  whyNoTrees,
} from '../support/tree-world.ts';

const nobody = 65_534;
const become = ['--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups'];

function whyNotRootless(): string | undefined {
  const reason = whyNoTrees();
  if (reason !== undefined) return reason;
  if (!hasProgram('setpriv') || !hasProgram('unshare')) return 'there is no setpriv or unshare';
  const outcome = spawnSync('setpriv', [...become, 'unshare', '-U', 'true']);
  return outcome.status === 0 ? undefined : 'ordinary users cannot make user namespaces here';
}

describe.skipIf(whyNotRootless() !== undefined)('as an ordinary user', () => {
  const world = new TreeWorld();
  const binary = world.path('tsbuild-helper');
  execFileSync('cp', [locateHelper(process.env), binary]);
  chmodSync(world.directory, 0o777);
  afterAll(() => world.dispose());

  function run(...args: string[]): {code: number | null; said: string} {
    const {status, stderr} = spawnSync('setpriv', [...become, binary, ...args], {encoding: 'utf8'});
    return {code: status, said: stderr};
  }

  function unpack(members: readonly TarMember[]): {dir: string; said: string} {
    const dir = world.newPath();
    return {dir, said: run('unpack', `in=${world.file(tarOf(members))}`, `dir=${dir}`).said};
  }

  const members: readonly TarMember[] = [
    {path: 'home', type: '5', mode: 0o555, uid: 1000, gid: 1000},
    {path: 'home/f', text: 'x', mode: 0o4755, uid: 1000, gid: 1000},
    {path: 'home/secret', text: 'y', mode: 0},
    {path: 'null', type: '3', device: [1, 3]},
    {path: '.wh.gone'},
    {path: 'opaque/.wh..wh..opq'},
    {path: 'etc/passwd', text: 'root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n'},
  ];

  test('a layer is unpacked, with whiteouts; devices are skipped, owners become ours', () => {
    const {dir, said} = unpack(members);
    expect(said).toContain('result: skipped=1');
    expect(said).toContain('result: unmapped=2');
    expect(readTree(dir)).toMatchObject({
      home: `d 0555 ${nobody}:${nobody}`,
      'home/f': `f 4755 ${nobody}:${nobody} x`,
      'home/secret': `f 0000 ${nobody}:${nobody} y`,
      gone: `c 0000 ${nobody}:${nobody} 0,0`,
    });
    expect(getXattr(`${dir}/opaque`, 'user.overlay.opaque')).toBe('79');
    expect(getXattr(`${dir}/opaque`, 'trusted.overlay.opaque')).toBeUndefined();
  });

  test('packed again it has its whiteouts, and root as owner', () => {
    const {dir} = unpack(members);
    const tar = world.newPath();
    expect(run('pack', `layer=${dir}`, `out=${tar}`).said).toContain('result: count=8');
    const listed = execFileSync('tar', ['--numeric-owner', '-tvf', tar], {encoding: 'utf8'});
    expect(listed).toMatch(/---------- 0\/0 +0 1970-01-01 00:00 \.wh\.gone/);
    expect(listed).toMatch(/-rwsr-xr-x 0\/0 +1 .* home\/f/);
    expect(listed).toContain('opaque/.wh..wh..opq');
  });

  test('copies go onto such a layer, whatever owner is asked for', () => {
    const {dir} = unpack(members);
    const [upper, work, source] = [world.newPath(), world.newPath(), world.tree({a: '1', 'd/b': '2'})];
    for (const path of [upper, work]) {
      mkdirSync(path);
      chownSync(path, nobody, nobody);
    }
    const view = [`layer=${dir}`, `upper=${upper}`, `work=${work}`, 'view=1', `dir=${source}`];
    const {code, said} = run(
      'copy',
      ...view,
      ...['action=copy', 'view=1', 'source=.', 'destination=/home/new/', 'owner=alice'],
      ...['action=attributes', 'path=/home/new', 'owner=7:8', 'mode=711'],
    );
    expect({code, said}).toMatchObject({code: 0});
    expect(readTree(upper)).toMatchObject({
      'home/new': `d 0711 ${nobody}:${nobody}`,
      'home/new/a': `f 0644 ${nobody}:${nobody} 1`,
      'home/new/d/b': `f 0644 ${nobody}:${nobody} 2`,
    });
    expect(run('remove', `path=${upper}`, `path=${dir}`).code).toBe(0);
    expect(() => lstatSync(dir)).toThrow(/ENOENT/);
  });
});
