import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import type {BuildRequest} from '../../src/build/request.ts';
import {readSecrets} from '../../src/build/secrets.ts';

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-secrets-'));
afterAll(() => rmSync(directory, {recursive: true}));

function reading(secret: {file: string} | {env: string}, environment: Record<string, string> = {}) {
  const request = {secrets: {token: secret}, environment, workingDirectory: directory};
  return readSecrets(request as unknown as BuildRequest);
}

describe('the secrets of a build', () => {
  it('are the bytes of a file or of a variable', async () => {
    writeFileSync(join(directory, 'bytes'), Buffer.from([0, 255, 10]));
    expect(Buffer.from((await reading({file: 'bytes'}))['token'] ?? [])).toEqual(Buffer.from([0, 255, 10]));
    expect(Buffer.from((await reading({env: 'T'}, {T: 'ä'}))['token'] ?? []).toString()).toBe('ä');
  });

  it('have 500 KiB at most, as in BuildKit', async () => {
    writeFileSync(join(directory, 'most'), Buffer.alloc(500 * 1024));
    writeFileSync(join(directory, 'more'), Buffer.alloc(500 * 1024 + 1));
    expect((await reading({file: 'most'}))['token']).toHaveLength(500 * 1024);
    const message = 'more has more than 500 KiB, the most that a secret may have';
    await expect(reading({file: 'more'})).rejects.toThrow(message);
  });

  it('are not read for ever from a file without an end', async () => {
    await expect(reading({file: '/dev/zero'})).rejects.toThrow('/dev/zero has more than 500 KiB');
  });
});
