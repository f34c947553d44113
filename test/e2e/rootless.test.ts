// The same builds as an ordinary user, in a user namespace of one id (no /etc/subuid entry is needed).

import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {cp, mkdir} from 'node:fs/promises';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {exampleContext, namesOf, type Workspace, workspaceWithBases} from './command.ts';
import {readLayout} from './image.ts';
import {asOrdinaryUser, ownState} from './ordinary-user.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** Ours has none; whoever runs these tests as themselves may have some. */
function hasRange(user: {readonly wrapper: readonly string[]}): boolean {
  if (user.wrapper.length > 0) return false;
  const ids = existsSync('/etc/subuid') ? readFileSync('/etc/subuid', 'utf8') : '';
  return ids
    .split('\n')
    .some((line) => [userInfo().username, `${userInfo().uid}`].includes(line.split(':')[0] ?? ''));
}

describe('an ordinary user', () => {
  it('builds, and the second build executes nothing', async (test) => {
    const user = asOrdinaryUser(test);
    const root = await ownState(space, user, 'rootless-state');
    const context = await space.context({
      Dockerfile:
        'FROM busybox\nRUN id -u > /uid && echo x > /file && rm /usr/bin/wget\nCOPY a /a\nRUN test -f /a\n',
      a: 'a',
    });
    const first = await space.build([context], {root, ...user});
    expect(namesOf(first.steps, 'done')).toHaveLength(3);
    if (!hasRange(user)) expect(first.stderr).toMatch(/sandbox-one-id: .*usermod --add-subuids/);
    const second = await space.build([context], {root, ...user});
    expect(second.stderr).not.toContain('sandbox-one-id');
    expect(namesOf(second.steps, 'done')).toEqual([]);
    const out = join(space.folder, 'rootless-out');
    await mkdir(out);
    await user.own(out);
    await space.build(['-o', out, context], {root, ...user});
    expect(readFileSync(join(out, 'uid'), 'utf8')).toBe('0\n');
    expect(readdirSync(join(out, 'usr/bin'))).not.toContain('wget');
    expect(await space.leftovers()).toEqual([]);
  });

  it('gets the layers that root gets', async (test) => {
    if (process.getuid?.() !== 0) test.skip('needs root to compare with');
    const user = asOrdinaryUser(test);
    const root = await ownState(space, user, 'compared-state');
    const context = await space.context({
      Dockerfile: 'FROM busybox\nRUN mkdir -p /d/e && echo x > /d/e/f && rm -r /var/spool\nCOPY a /a\n',
      a: 'a',
    });
    const [own, roots] = [join(space.folder, 'own'), join(space.folder, 'roots')];
    await mkdir(own);
    await user.own(own);
    await space.build(['-o', `type=oci,dest=${join(own, 'layout')},tar=false`, context], {root, ...user});
    await space.build(['-o', `type=oci,dest=${roots},tar=false`, context]);
    expect(readLayout(join(own, 'layout')).diffIds).toEqual(readLayout(roots).diffIds);
  });

  it('is told when an image needs more users than one', async (test) => {
    const user = asOrdinaryUser(test);
    const root = await ownState(space, user, 'many-users-state');
    const context = join(space.folder, 'example');
    await cp(exampleContext, context, {recursive: true});
    const run = await space.run(['build', '--progress', 'plain', context], {root, ...user});
    // With ranges in /etc/subuid it simply works; with one id it must say what is missing.
    if (run.code !== 0)
      expect(run.stderr).toMatch(/subuid|user namespace|single|one (?:user|id)|invalid argument/i);
    expect(await space.leftovers()).toEqual([]);
  });
});
