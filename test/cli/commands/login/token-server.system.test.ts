// login, push and pull with a real registry that believes a token server only.

import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {startRegistry, type TestRegistry} from '../../../support/registry.ts';
import {startTokenServer, type TokenServer} from '../../../support/token-server.ts';
import {type CommandRun, StoredImages} from '../../stored-images.ts';

const layers = [{entries: [{path: 'a', content: 'a'}]}];

let tokens: TokenServer;
let registry: TestRegistry | undefined;
let stored: StoredImages;
beforeAll(async () => {
  tokens = await startTokenServer({
    me: {password: 'mine:all', refreshToken: 'refresh-me', prefix: 'me/'},
    you: {password: 'yours', prefix: 'you/'},
  });
  registry = await startRegistry({tokens});
  stored = new StoredImages();
  if (registry === undefined) return;
  await stored.add([`${registry.address}/me/app:1`, `${registry.address}/me/copy:1`], {layers});
  await stored.add([`${registry.address}/you/app:1`], {layers});
});
afterAll(async () => {
  stored[Symbol.dispose]();
  await registry?.close();
  await tokens.close();
});
const folder = (): string => join(stored.folder, 'docker');
beforeEach(() => {
  mkdirSync(folder(), {recursive: true});
  writeFileSync(join(folder(), 'config.json'), '{}');
});

const tsbuild = (args: readonly string[], stdin = ''): Promise<CommandRun> =>
  stored.run(args, {env: {DOCKER_CONFIG: folder()}, stdin});
const name = (rest: string): string => `${registry?.address}/${rest}`;
const login = (user: string, password: string): Promise<CommandRun> =>
  tsbuild(['login', '-u', user, '--password-stdin', registry?.address ?? ''], `${password}\n`);

describe('a registry with a token server', () => {
  it('takes a login with the right password only', async (test) => {
    if (registry === undefined) return test.skip();
    expect((await login('me', 'wrong')).err).toContain('refuses the password of me');
    expect(await login('me', 'mine:all')).toMatchObject({code: 0});
  });

  it('lets a user write and read what is the user’s, and nothing else', async (test) => {
    if (registry === undefined) return test.skip();
    expect((await tsbuild(['push', name('me/app:1')])).err).toContain('access denied');
    await login('me', 'mine:all');
    expect(await tsbuild(['push', name('me/app:1')])).toMatchObject({code: 0});
    expect(await tsbuild(['pull', name('me/app:1')])).toMatchObject({code: 0});
    const {code, err} = await tsbuild(['push', name('you/app:1')]);
    expect(code).toBe(1);
    expect(err).toContain(`the login for ${registry.address} has no access to it`);
  });

  it('is asked for the right to read where a layer is mounted from', async (test) => {
    if (registry === undefined) return test.skip();
    await login('me', 'mine:all');
    await tsbuild(['push', name('me/app:1')]);
    tokens.given.length = 0;
    const {err} = await tsbuild(['push', name('me/copy:1')]);
    expect(err).toContain('is mounted in');
    expect(tokens.given.map(({scopes}) => scopes.toSorted())).toContainEqual([
      'repository:me/app:pull',
      'repository:me/copy:pull,push',
    ]);
  });

  it('exchanges the identity token that docker keeps', async (test) => {
    if (registry === undefined) return test.skip();
    const auths = {[registry.address]: {identitytoken: 'refresh-me'}};
    writeFileSync(join(folder(), 'config.json'), JSON.stringify({auths}));
    tokens.given.length = 0;
    expect(await tsbuild(['push', name('me/app:1')])).toMatchObject({code: 0});
    expect(new Set(tokens.given.map(({user}) => user))).toEqual(new Set(['me']));
  });
});
