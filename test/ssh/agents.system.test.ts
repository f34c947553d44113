// Our agents before OpenSSH's own programs.

import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type AgentSource, SshAgents} from '../../src/ssh/agents.ts';
import {needCommand} from '../e2e/requirements.ts';

const run = promisify(execFile);
const kinds = [
  ['ed25519', ['-t', 'ed25519']],
  ['rsa', ['-t', 'rsa', '-b', '2048']],
  ['rsa-pem', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
  ['ecdsa', ['-t', 'ecdsa', '-b', '384']],
  ['ecdsa-pkcs8', ['-t', 'ecdsa', '-m', 'PKCS8']],
] as const;

let folder: string;
let agents: SshAgents | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsbuild-ssh-'));
});
afterEach(async () => {
  await agents?.close();
  agents = undefined;
  await rm(folder, {recursive: true, force: true});
});

async function load(sources: Readonly<Record<string, AgentSource>>): Promise<SshAgents> {
  agents = await SshAgents.load(sources, async () => {
    // Longer than the path of a socket may be.
    const directory = join(folder, 'w'.repeat(120));
    await mkdir(directory);
    return directory;
  });
  return agents;
}

async function newKey(name: string, options: readonly string[]): Promise<string> {
  const file = join(folder, name);
  await run('ssh-keygen', ['-q', '-N', '', '-C', name, '-f', file, ...options]);
  return file;
}

describe('SshAgents', () => {
  it.for(kinds)('ssh-add lists and ssh-keygen uses a key of the kind %s', async ([name, options], test) => {
    needCommand(test, 'ssh-keygen');
    const file = await newKey(name, options);
    const socket = await (await load({default: {keyFiles: [file]}})).listen('default');
    const env = {...process.env, SSH_AUTH_SOCK: socket?.shortPath ?? ''};
    const publicKey = (await readFile(`${file}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    expect((await run('ssh-add', ['-L'], {env})).stdout).toContain(publicKey);

    // Signs with the agent, since the private key is out of the way; verifies with the public one.
    const text = join(folder, 'text');
    await writeFile(text, 'to be signed\n');
    await rm(file);
    await run('ssh-keygen', ['-Y', 'sign', '-f', `${file}.pub`, '-n', 'test', text], {env});
    await writeFile(join(folder, 'allowed'), `me ${publicKey}\n`);
    const {stdout} = await run('sh', [
      '-c',
      `ssh-keygen -Y verify -f ${folder}/allowed -I me -n test -s ${text}.sig < ${text}`,
    ]);
    expect(stdout).toContain('Good "test" signature');
  });

  it('stands before another agent, and lets nobody change it', async (test) => {
    needCommand(test, 'ssh-keygen');
    const first = await load({a: {keyFiles: [await newKey('k', ['-t', 'ed25519'])]}});
    const behind = await first.listen('a');
    const second = await SshAgents.load({b: {socket: behind?.shortPath ?? ''}}, async () => {
      const directory = join(folder, 'second');
      await mkdir(directory);
      return directory;
    });
    const socket = await second.listen('b');
    const env = {...process.env, SSH_AUTH_SOCK: socket?.path ?? ''};
    expect((await run('ssh-add', ['-l'], {env})).stdout).toContain('(ED25519)');
    await expect(run('ssh-add', ['-D'], {env})).rejects.toThrow('Failed to remove all identities');
    expect((await run('ssh-add', ['-l'], {env})).stdout).toContain('(ED25519)');
    await second.close();
  });

  it('answers that it failed when the agent behind it has gone', async () => {
    const own = await load({gone: {socket: join(folder, 'nobody')}});
    const socket = await own.listen('gone');
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const client = connect({path: socket?.shortPath ?? ''});
      client.once('error', reject);
      client.once('data', (bytes: Buffer) => {
        client.destroy();
        resolve(bytes);
      });
      client.write(Buffer.of(0, 0, 0, 1, 11));
    });
    expect([...answer]).toEqual([0, 0, 0, 1, 5]);
  });

  it('gives each listener a socket of its own, and leaves nothing behind', async () => {
    const own = await load({default: {keyFiles: []}});
    const sockets = [await own.listen('default'), await own.listen('default')];
    expect(new Set(sockets.map((socket) => socket?.path)).size).toBe(2);
    expect((await stat(sockets[0]?.path ?? '')).isSocket()).toBe(true);
    expect(await own.listen('other')).toBeUndefined();
    await sockets[0]?.close();
    await own.close();
    agents = undefined;
    expect(await readdir(folder)).toEqual([]);
  });

  it('names the key that cannot be used', async () => {
    await writeFile(join(folder, 'noise'), 'hello');
    await expect(load({d: {keyFiles: [join(folder, 'noise')]}})).rejects.toThrow(
      `--ssh d: ${folder}/noise is not a private key`,
    );
    await expect(load({d: {keyFiles: [join(folder, 'none')]}})).rejects.toThrow(
      'none cannot be read: ENOENT',
    );
  });
});
