import {
  chmodSync,
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type ImageArchive, writeArchiveOutput} from '../../src/exporters/archive-output.ts';
import {type Workshop, workshop} from './fake-image.ts';

let shop: Workshop;
beforeEach(() => {
  shop = workshop();
  writeFileSync(at('blob'), Buffer.alloc(size, 'b'));
});
afterEach(() => shop[Symbol.dispose]());

const size = 9 << 20;
const at = (name: string): string => join(shop.directory, name);
const inodeOf = (name: string): number => statSync(at(name)).ino;

function archiveOf(index: string): ImageArchive {
  return {
    members: [
      {name: 'index.json', type: 'bytes', bytes: Buffer.from(index)},
      {name: 'blobs/sha256/b', type: 'file', path: at('blob'), size},
    ],
    epochSeconds: 0,
  };
}

async function write(index = '{}', context: Partial<Workshop['context']> = {}): Promise<boolean> {
  const told = shop.context.notes.length;
  await writeArchiveOutput('a.tar', archiveOf(index), {...shop.context, ...context});
  return shop.context.notes.length === told;
}

/** One byte of the archive in place. */
function edit(): void {
  const file = openSync(at('a.tar'), 'r+');
  writeSync(file, 'x', 1000);
  closeSync(file);
}

describe('an archive that is there already', () => {
  it('stays as it is, and says so', async () => {
    expect(await write()).toBe(true);
    const [inode, bytes] = [inodeOf('a.tar'), readFileSync(at('a.tar'))];
    expect(await write()).toBe(false);
    expect(shop.context.notes.at(-1)).toBe('a.tar is what was written there last, and stays');
    expect(inodeOf('a.tar')).toBe(inode);
    expect(readFileSync(at('a.tar')).equals(bytes)).toBe(true);
  });

  it('is written again for another image, and for this one after that', async () => {
    await write();
    expect(await write('{"manifests":[]}')).toBe(true);
    expect(await write()).toBe(true);
    expect(await write()).toBe(false);
  });

  it('is written again after an edit in place, however soon, also when its time is set back', async () => {
    for (let round = 0; round < 4; round++) {
      await write();
      const {atime, mtime} = statSync(at('a.tar'));
      const before = readFileSync(at('a.tar'));
      await write();
      edit();
      if (round % 2 === 1) utimesSync(at('a.tar'), atime, mtime);
      expect(await write()).toBe(true);
      expect(readFileSync(at('a.tar')).equals(before)).toBe(true);
      // At once after it was written.
      edit();
      expect(await write()).toBe(true);
      expect(readFileSync(at('a.tar')).equals(before)).toBe(true);
    }
  });

  it('is written again when it was replaced, removed, or given other permissions', async () => {
    await write();
    const bytes = readFileSync(at('a.tar'));
    rmSync(at('a.tar'));
    expect(await write()).toBe(true);
    rmSync(at('a.tar'));
    writeFileSync(at('a.tar'), bytes);
    expect(await write()).toBe(true);
    chmodSync(at('a.tar'), 0o600);
    expect(await write()).toBe(true);
    expect(statSync(at('a.tar')).mode & 0o777).toBe(0o644);
  });

  it('is written again in another boot, since a power cut may have torn it', async () => {
    await write();
    const archives = {...shop.context.archives, bootId: 'next'};
    expect(await write('{}', {archives})).toBe(true);
    expect(await write('{}', {archives})).toBe(false);
  });
});
