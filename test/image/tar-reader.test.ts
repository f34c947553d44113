import {describe, expect, it} from 'vitest';
import {readTar, type TarEntry} from '../../src/image/tar-reader.ts';
import {type TestEntry, testTar} from '../support/test-image.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, size = 700): Promise<(Partial<TarEntry> & {text: string})[]> {
  const found: (Partial<TarEntry> & {text: string})[] = [];
  for await (const {entry, content} of readTar(inPieces(bytes, size))) {
    let text = '';
    // Every other content is left unread, to be skipped.
    if (found.length % 2 === 0) for await (const piece of content()) text += Buffer.from(piece).toString();
    found.push({...entry, text});
  }
  return found;
}

const entries: readonly TestEntry[] = [
  {path: 'dir', type: 'directory', mode: 0o1777},
  {path: 'dir/skipped', content: 'x'.repeat(2000)},
  {path: `long/${'n'.repeat(300)}`, content: 'long name', pax: {uid: '3000000'}, mtime: 12},
  {path: 'link', type: 'symlink', linkTarget: 'dir/skipped'},
  {path: 'hard', type: 'hardlink', linkTarget: 'dir/skipped'},
  {path: 'null', type: 'character-device', device: {major: 1, minor: 3}},
  {path: 'caps', content: 'c', pax: {'SCHILY.xattr.user.note': 'hello'}},
];

describe('a tar', () => {
  it.each([1, 511, 512, 100_000])('is read alike in pieces of %i bytes', async (size) => {
    const found = await read(await testTar(entries), size);
    expect(found.map(({path, kind}) => `${kind} ${path?.slice(0, 12)}`)).toEqual([
      'directory dir',
      'file dir/skipped',
      'file long/nnnnnnn',
      'symlink link',
      'link hard',
      'character null',
      'file caps',
    ]);
    expect(found[2]).toMatchObject({text: 'long name', uid: 3_000_000, mtime: 12});
    expect(found[2]?.path).toHaveLength(305);
    expect(found[0]).toMatchObject({mode: 0o1777});
    expect(found[4]).toMatchObject({linkTarget: 'dir/skipped'});
    expect(found[5]).toMatchObject({device: '1:3'});
    expect([...(found[6]?.xattrs ?? [])]).toEqual([['user.note', 'hello']]);
  });

  it.each([
    ['ends within a member', (tar: Buffer) => tar.subarray(0, 1500)],
    ['ends within a header', (tar: Buffer) => tar.subarray(0, 600)],
    ['has a header that was changed', (tar: Buffer) => Buffer.concat([Buffer.from('z'), tar.subarray(1)])],
    ['is something else', () => Buffer.alloc(1024, 'text ')],
  ])('that %s is refused', async (_, damage) => {
    const tar = Buffer.from(await testTar([{path: 'a', content: 'y'.repeat(3000)}]));
    await expect(read(damage(tar))).rejects.toThrow('the archive is no valid tar');
  });

  it('with a pax header beyond all measure is refused before it is read', async () => {
    const tar = Buffer.from(await testTar([{path: 'p'.repeat(300)}]));
    // The size of the pax header, and its checksum after that change.
    tar.write('77777777777\0', 124, 'latin1');
    tar.fill(0x20, 148, 156);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    await expect(read(tar)).rejects.toThrow('is too large');
  });
});
