import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pack} from 'tar-stream';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {readMember, tarIndex} from '../../../src/sources/archive/tar-index.ts';
import {member, record} from '../../support/tar-bytes.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbuild-tar-index-'));
});
afterEach(() => rmSync(directory, {recursive: true, force: true}));

async function archive(members: readonly (readonly [name: string, text: string])[]): Promise<string> {
  const tar = pack();
  for (const [name, text] of members) tar.entry({name}, text);
  tar.entry({name: 'folder', type: 'directory'});
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const path = join(directory, 'a.tar');
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}

async function textOf(path: string, name: string): Promise<string | undefined> {
  const member = (await tarIndex(path)).get(name);
  if (member === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of readMember(path, member)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

it('members are found by name, whatever stands between them', async () => {
  const long = `${'deep/'.repeat(60)}grüße.txt`;
  const path = await archive([
    ['./first', 'one'],
    [long, 'x'.repeat(2000)],
    ['empty', ''],
    ['last', 'four'],
  ]);
  expect(await textOf(path, 'first')).toBe('one');
  expect(await textOf(path, long)).toBe('x'.repeat(2000));
  expect(await textOf(path, 'empty')).toBe('');
  expect(await textOf(path, 'last')).toBe('four');
  expect(await textOf(path, 'folder')).toBeUndefined();
});

it('of equal names the last one counts', async () => {
  expect(
    await textOf(
      await archive([
        ['a', 'old'],
        ['a', 'new'],
      ]),
      'a',
    ),
  ).toBe('new');
});

it('what is no tar is told', async () => {
  const path = join(directory, 'text');
  writeFileSync(path, 'no archive, but long enough for a header '.repeat(20));
  await expect(tarIndex(path)).rejects.toThrow(`${path} is no valid tar: `);
});

it('a file with holes has them, and an entry of another kind takes its name away', async () => {
  const path = join(directory, 'odd.tar');
  const pax =
    record('GNU.sparse.name', 's') + record('GNU.sparse.realsize', '9') + record('GNU.sparse.map', '2,3');
  const parts = [
    member({name: 'pax', type: 'x'}, pax),
    member({name: 'GNUSparseFile.1/s'}, 'abc'),
    member({name: 'gone'}, 'x'),
    member({name: 'gone', type: '2', link: 's'}),
    Buffer.alloc(1024),
  ];
  writeFileSync(path, Buffer.concat(parts));
  expect(await textOf(path, 's')).toBe('\0\0abc\0\0\0\0');
  expect(await textOf(path, 'gone')).toBeUndefined();
});

it('an archive that is cut off is told where', async () => {
  const path = join(directory, 'cut.tar');
  writeFileSync(
    path,
    Buffer.concat([member({name: 'a'}, 'x'), member({name: 'b'}, 'y'.repeat(600)).subarray(0, 800)]),
  );
  await expect(tarIndex(path)).rejects.toThrow('ends too early (at byte 1024, entry "b")');
});
