// docker's credential helpers as processes, played by shell scripts.

import {chmod, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {askCredentialHelper, type HelperCredential} from '../../src/helper/credential-helper.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsbuild-credentials-'));
});
afterAll(() => rm(folder, {recursive: true, force: true}));

async function ask(
  script: string | undefined,
  more: {name?: string; signal?: AbortSignal} = {},
): Promise<unknown> {
  const name = more.name ?? 'test';
  if (script !== undefined) {
    const path = join(folder, `docker-credential-${name}`);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }
  return askCredentialHelper({
    name,
    server: 'https://index.docker.io/v1/',
    environment: {PATH: `${folder}:/usr/bin:/bin`, MARK: folder},
    signal: more.signal ?? new AbortController().signal,
  });
}

async function problem(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BuildError);
  expect(error).toMatchObject({kind: 'environment'});
  return (error as Error).message;
}

describe('a credential helper', () => {
  it('reads the server and gives a name and a secret', async () => {
    const answer = await ask(
      'cat > "$MARK/asked"; echo "$1" >> "$MARK/asked"; echo \'{"ServerURL":"x","Username":"me","Secret":"s"}\'',
    );
    expect(answer).toEqual({username: 'me', secret: 's'} satisfies HelperCredential);
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('https://index.docker.io/v1/get\n');
  });

  it('may know nothing', async () => {
    expect(await ask('echo "credentials not found in native keychain"; exit 1')).toBeUndefined();
  });

  it('may fail, and says why', async () => {
    expect(await problem(ask('echo "the keychain is locked" >&2; exit 2'))).toBe(
      'docker-credential-test failed: the keychain is locked',
    );
    expect(await problem(ask('exit 3'))).toBe('docker-credential-test failed: exit code 3');
  });

  it('may be missing', async () => {
    expect(await problem(ask(undefined, {name: 'missing'}))).toBe(
      'docker-credential-missing failed: it is not installed (not in PATH)',
    );
  });

  it('whose answer is none is not quoted', async () => {
    expect(await problem(ask('echo "Secret: hunter2"'))).toBe(
      'docker-credential-test failed: its answer is no JSON',
    );
    expect(await problem(ask('echo \'{"Secret":"hunter2"}\''))).toBe(
      'docker-credential-test failed: its answer has no Username and Secret',
    );
  });

  it('is no path', async () => {
    expect(await problem(ask(undefined, {name: '../x'}))).toContain('its name is not valid');
  });

  it('ends with an abort', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const asked = ask('exec sleep 60', {signal: abort.signal});
    setTimeout(() => abort.abort(reason), 100);
    await expect(asked).rejects.toBe(reason);
  });
});
