import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import type {BuildRequest} from '../../src/build/request.ts';
import {readSecrets} from '../../src/build/secrets.ts';
import type {ReadGiven} from '../../src/build/step.ts';
import {readGivenFile} from '../../src/store/given-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-secrets-'));
afterAll(() => rmSync(directory, {recursive: true}));

function reading(secret: {file: string} | {env: string}, environment: Record<string, string> = {}) {
  const request = {secrets: {token: secret}, environment, workingDirectory: directory};
  const read: ReadGiven = (path, _, bytesMax) =>
    readGivenFile(path, bytesMax === undefined ? {} : {bytesMax});
  return readSecrets(request as unknown as BuildRequest, read);
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

  it('are no devices and no directories; the empty one is /dev/null', async () => {
    const message = (file: string, why: string) => `--secret id=token: cannot read ${file}: is ${why}`;
    for (const [file, why] of [
      ['/dev/zero', 'a device, and neither a file nor a pipe'],
      ['/', 'a directory'],
    ] as const) {
      await expect(reading({file})).rejects.toThrow(message(file, why));
    }
    expect((await reading({file: '/dev/null'}))['token']).toHaveLength(0);
  });

  it('are not read for ever from a pipe without an end', async () => {
    const pipe = join(directory, 'endless');
    execFileSync('mkfifo', [pipe]);
    const writer = spawn('sh', ['-c', `exec yes > ${pipe}`]);
    await expect(reading({file: pipe})).rejects.toThrow('endless has more than 500 KiB');
    // Nobody reads it any more.
    expect(await new Promise((resolve) => writer.once('exit', (_, signal) => resolve(signal)))).toBe(
      'SIGPIPE',
    );
  });
});
