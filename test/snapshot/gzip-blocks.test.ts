import {createHash} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {afterAll, describe, expect, it} from 'vitest';
import {gzipFile} from '../../src/snapshot/gzip-blocks.ts';

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-gzip-'));
afterAll(() => rmSync(directory, {recursive: true, force: true}));
const signal = new AbortController().signal;

describe('gzipFile', () => {
  it('gives a gzip that any reader undoes, with its own digest and size', async () => {
    const from = join(directory, 'from');
    const bytes = Buffer.alloc(3 * (1 << 20) + 12345);
    for (let index = 0; index < bytes.length; index++) bytes[index] = (index * 7 + (index >> 9)) & 0xff;
    writeFileSync(from, bytes);
    const to = join(directory, 'to');
    const {digest, size} = await gzipFile(from, to, {level: 6, signal});
    const written = readFileSync(to);
    expect(gunzipSync(written).equals(bytes)).toBe(true);
    expect(size).toBe(written.length);
    expect(digest).toBe(`sha256:${createHash('sha256').update(written).digest('hex')}`);
    const again = await gzipFile(from, join(directory, 'again'), {level: 6, signal});
    expect(again).toEqual({digest, size});
  });

  it('gives an empty file for an empty one', async () => {
    const from = join(directory, 'empty');
    writeFileSync(from, '');
    expect((await gzipFile(from, join(directory, 'empty.gz'), {level: 6, signal})).size).toBe(0);
  });
});
