// Files as a user may name them: long, short, pipes with somebody at the other end and without.

import {execFileSync} from 'node:child_process';
import {createReadStream, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {open, readFile, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openGivenPipe, readGivenFile} from '../../src/store/given-file.ts';

let directory: string;
let pipe: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbuild-given-'));
  pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
});
afterEach(() => rmSync(directory, {recursive: true}));

/** `size` bytes, no two neighbours of which are the same. */
function bytesOf(size: number): Buffer {
  return Buffer.alloc(
    size,
    Uint8Array.from({length: 251}, (_, index) => index),
  );
}

describe('a file that was given', () => {
  it.each([0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000])('of %i bytes is read whole', async (size) => {
    const path = join(directory, 'file');
    writeFileSync(path, bytesOf(size));
    expect((await readGivenFile(path)).equals(bytesOf(size))).toBe(true);
  });

  it('is read one byte beyond its bound, and no further', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, bytesOf(1000));
    expect(await readGivenFile(path, {bytesMax: 1000})).toHaveLength(1000);
    expect(await readGivenFile(path, {bytesMax: 10})).toHaveLength(11);
  });

  it('that is a pipe is read to its end, however long that takes', async () => {
    const waited: string[] = [];
    const reading = readGivenFile(pipe, {onWait: () => waited.push('nobody writes')});
    const writer = await open(pipe, 'w');
    await writer.write(bytesOf(50));
    await writer.write(bytesOf(500_000));
    await writer.close();
    expect((await reading).equals(Buffer.concat([bytesOf(50), bytesOf(500_000)]))).toBe(true);
    expect(waited).toEqual(['nobody writes']);
  });

  it('that is a pipe with a writer is not waited for aloud', async () => {
    const waited: string[] = [];
    // Opening needs somebody at the other end.
    const [other, writer] = await Promise.all([open(pipe, 'r'), open(pipe, 'w')]);
    const reading = readGivenFile(pipe, {onWait: () => waited.push('nobody writes')});
    await writer.write('late');
    await writer.close();
    expect((await reading).toString()).toBe('late');
    expect(waited).toEqual([]);
    await other.close();
  });

  it('that is a pipe nobody writes into can be given up', async () => {
    const interrupt = new AbortController();
    const reason = new Error('enough');
    const onWait = (): void => interrupt.abort(reason);
    await expect(readGivenFile(pipe, {onWait, signal: interrupt.signal})).rejects.toBe(reason);
  });

  it('that is something else is told of', async () => {
    const socket = join(directory, 'socket');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    await expect(readGivenFile(socket)).rejects.toThrow('is a socket, and neither a file nor a pipe');
    await expect(readGivenFile('/dev/zero')).rejects.toThrow('is a device, and neither a file nor a pipe');
    await expect(readGivenFile(directory)).rejects.toThrow('EISDIR');
    await expect(readGivenFile(join(directory, 'gone'))).rejects.toThrow('ENOENT');
    expect(await readGivenFile('/dev/null')).toHaveLength(0);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a pipe to write into', () => {
  it('is opened once somebody reads it, and takes everything', async () => {
    const opening = openGivenPipe(pipe);
    const reading = readFile(pipe);
    const source = join(directory, 'file');
    await writeFile(source, bytesOf(300_000));
    await pipeline(createReadStream(source), await opening);
    expect((await reading).equals(bytesOf(300_000))).toBe(true);
  });

  it('that nobody reads can be given up', async () => {
    const interrupt = new AbortController();
    const reason = new Error('enough');
    const opening = openGivenPipe(pipe, interrupt.signal);
    interrupt.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });
});
