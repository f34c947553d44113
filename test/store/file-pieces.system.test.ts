import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {filePieces, pieceBytes} from '../../src/store/file-pieces.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbuild-pieces-'));
});
afterAll(() => rmSync(directory, {recursive: true}));

it.each([0, 1, pieceBytes, 3 * pieceBytes + 5])('a file of %i bytes comes whole', async (size) => {
  const path = join(directory, `of-${size}`);
  const bytes = randomBytes(size);
  writeFileSync(path, bytes);
  const copies: Buffer[] = [];
  for await (const piece of filePieces(path)) copies.push(Buffer.from(piece));
  expect(Buffer.concat(copies).equals(bytes)).toBe(true);
});

it('a large file takes two buffers', async () => {
  const path = join(directory, 'large');
  writeFileSync(path, Buffer.alloc(6 * pieceBytes));
  const buffers = new Set<ArrayBufferLike>();
  for await (const piece of filePieces(path)) buffers.add(piece.buffer);
  expect(buffers.size).toBe(2);
});

it('a file that is not read to its end is closed', async () => {
  const path = join(directory, 'left');
  writeFileSync(path, Buffer.alloc(3 * pieceBytes));
  const pieces = filePieces(path);
  await pieces.next();
  await pieces.return(undefined);
  expect((await pieces.next()).done).toBe(true);
  await expect(filePieces(join(directory, 'missing')).next()).rejects.toThrow(/ENOENT/);
});
