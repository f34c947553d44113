import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pack} from 'tar-stream';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type ArchiveMember, writeArchive} from '../../src/exporters/tar-archive.ts';
import {AssertionError} from '../../src/util/assert.ts';
import {readArchive} from './read-archive.ts';

const large = 5 * 1024 * 1024 + 7;
let directory: string;
let path: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbuild-archive-'));
  path = join(directory, 'large');
  writeFileSync(path, Buffer.alloc(large, 'x'));
});
afterAll(() => rmSync(directory, {recursive: true}));

const never = new AbortController().signal;

async function written(members: readonly ArchiveMember[], epochSeconds = 0): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await writeArchive(members, async (chunk) => void chunks.push(Uint8Array.from(chunk)), {
    epochSeconds,
    signal: never,
  });
  return Buffer.concat(chunks);
}

describe('writeArchive', () => {
  it('writes members in byte order, large files whole', async () => {
    const members: ArchiveMember[] = [
      {name: 'b', type: 'file', path, size: large},
      {name: 'c', type: 'bytes', bytes: Buffer.from('')},
      {name: 'a', type: 'bytes', bytes: Buffer.from('small')},
    ];
    const read = await readArchive(await written(members));
    expect(read.map(({name, bytes}) => [name, bytes.length])).toEqual([
      ['a', 5],
      ['b', large],
      ['c', 0],
    ]);
    expect(read[1]?.bytes.equals(Buffer.alloc(large, 'x'))).toBe(true);
  });

  it('writes the bytes that tar-stream itself would', async () => {
    const members: ArchiveMember[] = [
      {name: 'a', type: 'directory'},
      {name: `a/${'n'.repeat(110)}/${'m'.repeat(60)}`, type: 'bytes', bytes: Buffer.from('odd')},
      {name: 'b', type: 'file', path, size: large},
    ];
    const whole = pack();
    const chunks: Uint8Array[] = [];
    const mtime = new Date(7000);
    whole.entry({name: 'a/', type: 'directory', mode: 0o755, mtime});
    whole.entry({name: members[1]?.name ?? '', mode: 0o644, mtime}, 'odd');
    whole.entry({name: 'b', mode: 0o644, mtime}, Buffer.alloc(large, 'x'));
    whole.finalize();
    for await (const chunk of whole as AsyncIterable<Uint8Array>) chunks.push(chunk);
    expect((await written(members, 7)).equals(Buffer.concat(chunks))).toBe(true);
  });

  it.each([
    [-5, 0],
    [1_700_000_000, 1_700_000_000],
    [2 ** 33, 2 ** 31 - 1],
  ])('writes time %d as %d, for its headers hold no other', async (given, got) => {
    const [member] = await readArchive(await written([{name: 'a', type: 'directory'}], given));
    expect(member?.mtimeMs).toBe(got * 1000);
  });

  it.each([large - 1, large + 1])(
    'fails when a file is not as long as it is said to be (%d)',
    async (size) => {
      await expect(written([{name: 'a', type: 'file', path, size}])).rejects.toThrow(AssertionError);
    },
  );

  it('fails when a file is not there', async () => {
    const missing = join(directory, 'missing');
    await expect(written([{name: 'a', type: 'file', path: missing, size: 1}])).rejects.toThrow(/ENOENT/);
  });

  it('fails with the destination’s own error', async () => {
    let calls = 0;
    const write = async (): Promise<void> => {
      if (++calls === 3) throw new Error('no space left');
    };
    const members: ArchiveMember[] = [
      {name: 'a', type: 'file', path, size: large},
      {name: 'b', type: 'file', path, size: large},
    ];
    await expect(writeArchive(members, write, {epochSeconds: 0, signal: never})).rejects.toThrow(
      'no space left',
    );
  });

  it('ends with the signal’s reason in the middle of a file', async () => {
    const controller = new AbortController();
    let calls = 0;
    const write = async (): Promise<void> => {
      if (++calls === 2) controller.abort(new Error('stopped'));
    };
    const archive = writeArchive([{name: 'a', type: 'file', path, size: large}], write, {
      epochSeconds: 0,
      signal: controller.signal,
    });
    await expect(archive).rejects.toThrow('stopped');
  });
});
