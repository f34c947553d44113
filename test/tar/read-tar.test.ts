import {describe, expect, it} from 'vitest';
import type {BuildError} from '../../src/diagnostics/build-error.ts';
import type {TarEntry} from '../../src/tar/entry.ts';
import {readTar} from '../../src/tar/read-tar.ts';
import {tarCases} from '../support/tar-cases.ts';
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
});

async function whole(bytes: Uint8Array, size: number): Promise<(Partial<TarEntry> & {text: string})[]> {
  const found: (Partial<TarEntry> & {text: string})[] = [];
  for await (const {entry, content} of readTar(inPieces(bytes, size))) {
    const pieces: Uint8Array[] = [];
    for await (const piece of content()) pieces.push(Buffer.from(piece));
    if (entry.kind === 'file') found.push({...entry, text: Buffer.concat(pieces).toString('latin1')});
  }
  return found;
}

describe('a tar of anybody', () => {
  it.each(tarCases)('$title', async (one) => {
    for (const size of [1_000_000, 333]) {
      if ('refused' in one) {
        await expect(whole(one.bytes, size)).rejects.toThrow(one.refused);
        await expect(read(one.bytes, size)).rejects.toThrow('the archive is no valid tar: ');
      } else {
        expect(await whole(one.bytes, size)).toMatchObject(one.entries);
        expect((await read(one.bytes, size)).map(({path}) => path)).toEqual(
          (await read(one.bytes, 1_000_000)).map(({path}) => path),
        );
      }
    }
  });

  it('a hint is given only for what is no tar from its first byte on', async () => {
    const hintsOf = async (bytes: Uint8Array): Promise<readonly string[]> => {
      const error: unknown = await read(bytes).catch((thrown: unknown) => thrown);
      return (error as BuildError).diagnostics[0].hints ?? [];
    };
    const good = Buffer.from(await testTar([{path: 'a'}])).subarray(0, 512);
    const text = Buffer.alloc(1024, 'text ');
    expect(await hintsOf(text)).toEqual([expect.stringContaining('gzip')]);
    expect(await hintsOf(Buffer.concat([good, text]))).toEqual([]);
  });
});
