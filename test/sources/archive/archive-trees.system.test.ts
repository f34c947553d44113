// Archives as trees, unpacked by the real helper.

import {lstatSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, describe, expect, it} from 'vitest';
import {HelperProcess} from '../../../src/helper/helper-process.ts';
import {locateHelper} from '../../../src/helper/locate-helper.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import {unpackedTree} from '../../../src/sources/archive/archive-trees.ts';
import {SourceWorld} from '../../support/source-world.ts';
import {testTar} from '../../support/test-image.ts';
import {whyNoTrees} from '../../support/tree-world.ts';

const {signal} = new AbortController();
const reason = whyNoTrees();
const world = new SourceWorld();
const helper = new HelperProcess({path: locateHelper(process.env)});
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, {recursive: true});
});
afterAll(async () => {
  await helper.close();
  world[Symbol.dispose]();
});

async function unpack(bytes: Uint8Array): Promise<{snapshot: string; wasRead: boolean}> {
  let wasRead = false;
  const view = async (): Promise<{dir: string}> => {
    wasRead = true;
    const dir = await mkdtemp(join(tmpdir(), 'tsbuild-archive-'));
    folders.push(dir);
    await writeFile(join(dir, 'it'), bytes);
    return {dir};
  };
  const options = {snapshotter: world.snapshotter, notes: world.notes, helper: async () => helper};
  const snapshot = await unpackedTree({digest: digestOf(bytes), view, name: 'it'}, options, signal);
  return {snapshot, wasRead};
}

describe.skipIf(reason !== undefined)('an archive', () => {
  const entries = [
    {path: 'dir', type: 'directory', mode: 0o750, mtime: 3000},
    {path: 'dir/file', content: 'text', mode: 0o640, uid: 7, gid: 8, mtime: 5000},
    {path: 'link', type: 'symlink', linkTarget: '/etc/passwd', mtime: 1000},
  ] as const;

  it('keeps modes, owners and times, and is as new as its newest entry', async () => {
    const {snapshot} = await unpack(await testTar(entries));
    expect(world.listing(snapshot)).toEqual([
      '0750 dir/',
      '0640 dir/file = text',
      'link link -> /etc/passwd',
    ]);
    const {uid, gid, mtimeMs} = lstatSync(join(world.directoryOf(snapshot), 'dir/file'));
    expect({uid, gid, mtimeMs}).toEqual({uid: 7, gid: 8, mtimeMs: 5_000_000});
    expect(world.snapshotter.epochSecondsOf(snapshot)).toBe(5000);
  });

  it('is unpacked once', async () => {
    const bytes = await testTar([{path: 'once', content: '1'}]);
    const first = await unpack(bytes);
    const second = await unpack(bytes);
    expect(second.snapshot).toBe(first.snapshot);
    expect([first.wasRead, second.wasRead]).toEqual([true, false]);
  });

  it('cannot write outside of its tree: above the root is the root', async () => {
    const {snapshot} = await unpack(
      await testTar([
        {path: 'up', type: 'symlink', linkTarget: '../../../..'},
        {path: 'up/escaped', content: 'x'},
      ]),
    );
    expect(world.listing(snapshot)).toContain('0644 escaped = x');
  });
});
