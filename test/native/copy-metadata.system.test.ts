// What copies belong to, which mode and time they get: the metadata side of the helper's `copy`.

import {lstatSync} from 'node:fs';
import {afterAll, describe, expect, test} from 'vitest';
import {copierIn} from '../support/one-copy.ts';
import {
  capability,
  getXattr,
  longAgo,
  readTree,
  setXattr,
  type Tree,
  TreeWorld,
  whyNoTrees,
} from '../support/tree-world.ts';

const world = new TreeWorld();
const {copied, copy} = copierIn(world);
afterAll(() => world.dispose());

const passwd = 'root:x:0:0::/:/bin/sh\nalice:x:1000:1001::/home/alice:/bin/sh\n';
const group = 'root:x:0:\nstaff:x:50:\n';

describe.skipIf(whyNoTrees() !== undefined)('metadata of copies', () => {
  test('mode, owner, time to the nanosecond, set-id bits and attributes are kept', () => {
    const source = world.tree({a: {file: 'x', mode: 0o6755, uid: 12, gid: 34}});
    setXattr(`${source}/a`, 'security.capability', capability);
    setXattr(`${source}/a`, 'user.note', '00ff0a');
    const upper = world.tree();
    world.ok(
      'copy',
      `upper=${upper}`,
      'view=1',
      `dir=${source}`,
      'action=copy',
      'view=1',
      'source=a',
      'destination=/b',
    );
    expect(readTree(upper)).toEqual({b: 'f 6755 12:34 x'});
    expect(getXattr(`${upper}/b`, 'security.capability')).toBe(capability);
    expect(getXattr(`${upper}/b`, 'user.note')).toBe('00ff0a');
    const time = (path: string) => lstatSync(path, {bigint: true}).mtimeNs;
    expect(time(`${upper}/b`)).toBe(time(`${source}/a`));
  });

  test('an owner is looked up in the destination, a number alone is its own group', () => {
    const onto: Tree = {'etc/passwd': passwd, 'etc/group': group};
    const ownerOf = (owner: string): string =>
      copied({from: {a: '1'}, onto, args: ['source=a', 'destination=/n/b', `owner=${owner}`]})['n/b'] ?? '';
    expect(ownerOf('alice')).toBe('f 0644 1000:1001 1');
    expect(ownerOf('alice:staff')).toBe('f 0644 1000:50 1');
    expect(ownerOf('7')).toBe('f 0644 7:7 1');
    expect(ownerOf('7:8')).toBe('f 0644 7:8 1');
    const {outcome} = copy({from: {a: '1'}, onto, args: ['source=a', 'destination=/b', 'owner=bob']});
    expect(outcome.error).toContain('owner: unable to find user bob');
  });

  test('made parents belong to the owner; with an octal mode they have it too, with a symbolic one 0755', () => {
    const args = ['source=a', 'destination=/n/b', 'owner=3:4'];
    expect(copied({from: {a: '1'}, args: [...args, 'mode=710']})).toEqual({
      n: 'd 0710 3:4',
      'n/b': 'f 0710 3:4 1',
    });
    expect(copied({from: {a: '1'}, args: [...args, 'mode=go=']})).toEqual({
      n: 'd 0755 3:4',
      'n/b': 'f 0600 3:4 1',
    });
  });

  test.each([
    ['755', 0o644, 0o755],
    ['4755', 0o644, 0o4755],
    ['u=rwX,go=rX', 0o600, 0o644],
    ['u=rwX,go=rX', 0o700, 0o755],
    ['a+x', 0o644, 0o755],
    ['a+X', 0o644, 0o644],
    ['go-w', 0o666, 0o644],
    ['go=u', 0o640, 0o666],
    ['u+s,+t', 0o755, 0o5755],
    ['u+rw,g+r,o-x,o+w', 0o111, 0o752],
    ['a-x+r', 0o311, 0o644],
    ['=', 0o5755, 0o1000],
    ['u=g', 0o4750, 0o4550],
    ['go=u-w', 0o640, 0o644],
    ['u+rgo', 0o012, 0o712],
    ['u=rwg', 0o140, 0o440],
    ['u=gr', 0o777, 0o477],
    ['-X', 0o755, 0o755],
    ['o=t', 0o754, 0o750],
    ['g=t', 0o754, 0o1704],
    ['+rt', 0o200, 0o1200],
    ['o+s,g+s', 0o644, 0o2644],
  ])('mode %s makes %o to %o', (text, before, after) => {
    const tree = copied({
      from: {a: {file: '', mode: before}},
      args: ['source=a', 'destination=/b', `mode=${text}`],
    });
    expect(tree['b']).toBe(`f ${after.toString(8).padStart(4, '0')} 0:0 `);
  });

  test('a symbolic mode also clears the set-id bits of directories, and X is for every directory', () => {
    const from: Tree = {'s/d': {dir: true, mode: 0o6700}, 's/e': {dir: true, mode: 0o600}};
    expect(copied({from, args: ['source=s', 'destination=/', 'mode=u=rwX,go=rX']})).toEqual({
      d: 'd 0755 0:0',
      e: 'd 0755 0:0',
    });
  });

  test('parents may have no permissions at all', () => {
    expect(copied({from: {a: '1'}, args: ['source=a', 'destination=/n/m/b', 'mode=0']})).toEqual({
      n: 'd 0000 0:0',
      'n/m': 'd 0000 0:0',
      'n/m/b': 'f 0000 0:0 1',
    });
  });

  test.each(['10000', '64a', 'u=q', 'u', ',', 'u=r,', '8'])('%s is not a mode', (text) => {
    const {outcome} = copy({from: {a: ''}, args: ['source=a', 'destination=/b', `mode=${text}`]});
    expect(outcome.error).toContain(`"${text}" is not a mode`);
  });

  test('files of a build context become root unless an owner is given', () => {
    const from: Tree = {
      's/a': {file: '1', uid: 1000, gid: 1000},
      's/d': {dir: true, uid: 1000},
      's/l': {link: 'x', uid: 9},
    };
    const args = ['source=s', 'destination=/', 'contextowner=1'];
    expect(copied({from, args})).toEqual({a: 'f 0644 0:0 1', d: 'd 0755 0:0', l: 'l 0:0 -> x'});
    expect(copied({from, args: [...args, 'owner=5:6']})).toEqual({
      a: 'f 0644 5:6 1',
      d: 'd 0755 5:6',
      l: 'l 5:6 -> x',
    });
  });

  test('what a user notes on files of a build context stays behind', () => {
    const source = world.tree({a: {file: '1', mode: 0o755}});
    setXattr(`${source}/a`, 'user.note', '01');
    setXattr(`${source}/a`, 'security.capability', capability);
    const upper = world.tree();
    const action = ['action=copy', 'view=1', 'source=a', 'destination=/', 'contextowner=1'];
    world.ok('copy', `upper=${upper}`, 'view=1', `dir=${source}`, ...action);
    expect(getXattr(`${upper}/a`, 'user.note')).toBeUndefined();
    expect(getXattr(`${upper}/a`, 'security.capability')).toBe(capability);
  });

  test('what is made for want of a parent gets the epoch, what was there keeps its time, files keep theirs', () => {
    const upper = world.tree({d: {dir: true}});
    const source = world.tree({a: '1'});
    const actions = [
      ['action=copy', 'view=1', 'source=a', 'destination=/d/n/m/'],
      ['action=mkdir', 'path=/w/x'],
      ['action=file', 'destination=/d/', 'name=here', 'content=text', 'mode=600', 'owner=4:5'],
    ];
    world.ok('copy', `upper=${upper}`, 'epoch=500000000', 'view=1', `dir=${source}`, ...actions.flat());
    expect(readTree(upper, {times: true})).toEqual({
      d: `d 0755 0:0 @${longAgo}`,
      'd/here': 'f 0600 4:5 @500000000 text',
      'd/n': 'd 0755 0:0 @500000000',
      'd/n/m': 'd 0755 0:0 @500000000',
      'd/n/m/a': `f 0644 0:0 @${longAgo} 1`,
      w: 'd 0755 0:0 @500000000',
      'w/x': 'd 0755 0:0 @500000000',
    });
  });

  test('mkdir leaves an existing directory alone and refuses a file; an unknown owner may stand for root', () => {
    const upper = world.tree({d: {dir: true, mode: 0o700, uid: 9}, f: ''});
    world.ok('copy', `upper=${upper}`, 'action=mkdir', 'path=/d/e', 'owner=nobody-here', 'unknownowner=root');
    expect(readTree(upper)).toEqual({d: 'd 0700 9:0', 'd/e': 'd 0755 0:0', f: 'f 0644 0:0 '});
    expect(world.run('copy', `upper=${upper}`, 'action=mkdir', 'path=/f').error).toContain('not a directory');
  });

  test('attributes change owner and mode of something that exists', () => {
    const upper = world.tree({d: {dir: true}});
    world.ok('copy', `upper=${upper}`, 'action=attributes', 'path=/d', 'owner=3:4', 'mode=1777');
    expect(readTree(upper)).toEqual({d: 'd 1777 3:4'});
  });
});
