// The commands of registries as scripts use them, against Debian's docker-registry with TLS and passwords.

import {execFile} from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {runCli} from '../../../../src/cli/run.ts';
import {LocalBlobStore} from '../../../../src/store/blob-store.ts';
import {openImageStore} from '../../../../src/store/image-store.ts';
import {startRegistry, type TestRegistry} from '../../../support/registry.ts';
import {testImage} from '../../../support/test-image.ts';
import {memoryIo} from '../../memory-io.ts';

const run = promisify(execFile);
const password = 's3cret:word';
const htpasswd = 'me:$2b$04$abcdefghijklmnopqrstuuHR3t7FUNT1H99nlAQFD.ZD8cnc5Jsi2\n';
const encoded = Buffer.from(`me:${password}`).toString('base64');

let folder: string;
let registry: TestRegistry | undefined;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-login-'));
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...[
      '-subj',
      '/CN=registry',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-out',
      certificate,
      '-keyout',
      key,
    ],
  ]);
  registry = await startRegistry({htpasswd, tls: {certificate, key}});
  writeFileSync(
    join(folder, 'tsbuild.toml'),
    `[registry."${registry?.address}"]\nca = ["cert.pem"]\nhttp = false\n`,
  );
});
afterAll(async () => {
  await registry?.close();
  rmSync(folder, {recursive: true, force: true});
});
const configFile = (): string => join(folder, 'docker/config.json');
beforeEach(() => rmSync(join(folder, 'docker'), {recursive: true, force: true}));

async function tsbuild(
  argv: readonly string[],
  stdin = '',
): Promise<{code: number; out: string; err: string}> {
  const env = {
    DOCKER_CONFIG: join(folder, 'docker'),
    TSBUILD_ROOT: join(folder, 'state'),
    TSBUILD_CONFIG: join(folder, 'tsbuild.toml'),
    PATH: `${folder}:${process.env['PATH']}`,
  };
  const io = memoryIo({env, stdin, cwd: folder});
  const code = await runCli(argv, io, new AbortController().signal);
  return {code, out: io.out(), err: io.err()};
}
const login = (text = password): ReturnType<typeof tsbuild> =>
  tsbuild(['login', '-u', 'me', '--password-stdin', registry?.address ?? ''], `${text}\n`);

async function store(name: string): Promise<string> {
  const image = await testImage({layers: [{entries: [{path: 'a', content: name}]}]});
  const blobs = new LocalBlobStore(join(folder, 'state'));
  for (const bytes of [...image.blobs.values(), image.manifest]) await blobs.put(bytes);
  using images = openImageStore(join(folder, 'state'));
  images.tag(name, image.descriptor, 1);
  return image.descriptor.digest;
}

async function tagAlso(name: string, tags: readonly string[]): Promise<void> {
  for (const tag of tags) await tsbuild(['tag', name, name.replace(/:1$/, `:${tag}`)]);
}

describe('login', () => {
  it('keeps a password that works where docker keeps it, and only its owner reads it', async (test) => {
    if (registry === undefined) return test.skip();
    expect(await login()).toMatchObject({code: 0, out: 'Login Succeeded\n'});
    expect(JSON.parse(readFileSync(configFile(), 'utf8'))).toEqual({
      auths: {[registry.address]: {auth: encoded}},
    });
    expect(statSync(configFile()).mode & 0o777).toBe(0o600);
  });

  it('without a word tries what is kept already', async (test) => {
    if (registry === undefined) return test.skip();
    const again = ['login', registry.address];
    expect(await tsbuild(again)).toMatchObject({code: 2, err: expect.stringContaining('login needs a user')});
    await login();
    expect(await tsbuild(again)).toMatchObject({
      code: 0,
      out: 'Authenticating with existing credentials...\nLogin Succeeded\n',
      err: '',
    });
    const stale = Buffer.from('me:changed since').toString('base64');
    writeFileSync(configFile(), JSON.stringify({auths: {[registry.address]: {auth: stale}}}));
    expect((await tsbuild(again)).code).toBe(2);
  });

  it('names the registry that cannot be reached', async () => {
    const {code, err} = await tsbuild(['login', '-u', 'me', '--password-stdin', '127.0.0.1:9'], 'x');
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(/]: 127\.0\.0\.1:9: cannot reach registry 127\.0\.0\.1:9: connection refused/),
    ]);
  });

  it('asks at a terminal, with the user that is known for a suggestion', async (test) => {
    if (registry === undefined) return test.skip();
    const env = {DOCKER_CONFIG: join(folder, 'docker'), TSBUILD_CONFIG: join(folder, 'tsbuild.toml')};
    mkdirSync(join(folder, 'docker'), {recursive: true});
    const stale = Buffer.from('me:changed since').toString('base64');
    writeFileSync(configFile(), JSON.stringify({auths: {[registry.address]: {auth: stale}}}));
    const io = memoryIo({env, stdin: `\n${password}\r`, cwd: folder});
    const stdin = Object.assign(io.stdin, {isTTY: true, setRawMode: () => {}});
    const code = await runCli(['login', registry.address], {...io, stdin}, new AbortController().signal);
    expect([code, io.out()]).toEqual([0, 'Username (me): Password: \nLogin Succeeded\n']);
    expect(readFileSync(configFile(), 'utf8')).toContain(encoded);
  });

  it('warns of a password that others can see', async (test) => {
    if (registry === undefined) return test.skip();
    const {code, err} = await tsbuild(['login', '-u', 'me', '-p', password, registry.address]);
    expect([code, err]).toEqual([
      0,
      expect.stringContaining('others can see a password of the command line'),
    ]);
  });

  it('writes through a link, which stays one', async (test) => {
    if (registry === undefined) return test.skip();
    const elsewhere = join(folder, 'elsewhere.json');
    writeFileSync(elsewhere, '{"detachKeys": "ctrl-x"}');
    mkdirSync(join(folder, 'docker'));
    symlinkSync(elsewhere, configFile());
    expect((await login()).code).toBe(0);
    expect(lstatSync(configFile()).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(elsewhere, 'utf8'))).toEqual({
      detachKeys: 'ctrl-x',
      auths: {[registry.address]: {auth: encoded}},
    });
  });

  it('keeps nothing that the registry refuses', async (test) => {
    if (registry === undefined) return test.skip();
    const {code, err} = await login('wrong');
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`${registry.address} refuses the password of me`),
    ]);
    expect(err).not.toContain('wrong');
    expect(() => statSync(configFile())).toThrow('ENOENT');
  });

  it('is needed to push, and is used by push and pull', async (test) => {
    if (registry === undefined) return test.skip();
    const name = `${registry.address}/private/app:1`;
    const digest = await store(name);
    const refused = await tsbuild(['push', name]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('access denied')]);
    await login();
    expect(await tsbuild(['push', name])).toMatchObject({
      code: 0,
      out: expect.stringContaining(`digest: ${digest}`),
    });
    expect(await tsbuild(['pull', '-q', name])).toMatchObject({code: 0, out: `${name}\n`});
    await tagAlso(name, ['latest', '2']);
    const repository = name.replace(/:1$/, '');
    expect((await tsbuild(['push', repository])).out).toMatch(
      /^Using default tag: latest\nlatest: digest: sha256:/,
    );
    expect((await tsbuild(['push', '-q', '-a', repository])).out).toBe(`${repository}\n`);
    expect((await tsbuild(['pull', repository])).out).toBe(
      `Using default tag: latest\nDigest: ${digest}\nStatus: Image is up to date for ${repository}:latest\n${repository}:latest\n`,
    );
    expect((await tsbuild(['pull', '-q', '-a', repository])).out).toBe(`${repository}\n`);
    expect((await tsbuild(['pull', '-a', repository])).out).toBe(
      `${`Digest: ${digest}\n`.repeat(3)}Status: Image is up to date for ${repository}\n${repository}\n`,
    );
    expect(await tsbuild(['logout', registry.address])).toMatchObject({
      code: 0,
      out: `Removing login credentials for ${registry.address}\n`,
    });
    expect((await tsbuild(['push', name])).code).toBe(1);
    expect(JSON.parse(readFileSync(configFile(), 'utf8'))).toEqual({auths: {}});
  });

  it('leaves it to the helper that docker is set to', async (test) => {
    if (registry === undefined) return test.skip();
    const helper = join(folder, 'docker-credential-kept');
    writeFileSync(helper, `#!/bin/sh\necho "$1" >> ${folder}/asked\ncat >> ${folder}/asked\n`);
    chmodSync(helper, 0o755);
    await run('mkdir', ['-p', join(folder, 'docker')]);
    const before = {credHelpers: {[registry.address]: 'kept'}, psFormat: 'mine'};
    writeFileSync(configFile(), JSON.stringify(before));
    expect((await login()).err).not.toContain('unencrypted');
    const asked = readFileSync(join(folder, 'asked'), 'utf8').split('\n');
    expect(asked[0]).toBe('store');
    expect(JSON.parse(asked[1] ?? '')).toEqual({
      ServerURL: registry.address,
      Username: 'me',
      Secret: password,
    });
    expect(JSON.parse(readFileSync(configFile(), 'utf8'))).toEqual({
      ...before,
      auths: {[registry.address]: {}},
    });
    await tsbuild(['logout', registry.address]);
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toMatch(/\}erase\n127/);
  });

  it.each([
    [['login', '-u', 'me', 'x.example'], /login needs a password/],
    [['login', '--password-stdin'], /login needs a user/],
    [['login', '-u', 'me', '-p', 'x', '--password-stdin'], /exclude each other/],
    [['login', 'a', 'b'], /one SERVER at most/],
    [['logout', 'a b'], /is no registry/],
  ])('%j is a mistake of the command line', async (argv, message) => {
    const {code, err} = await tsbuild(argv);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});
