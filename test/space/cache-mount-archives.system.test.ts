// Cache mounts out and in again: nothing is lost, nothing gets out of the directory, nobody is disturbed.

import {
  chmodSync,
  chownSync,
  createWriteStream,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {gzipSync} from 'node:zlib';
import {pack} from 'tar-stream';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {HelperProcess} from '../../src/helper/helper-process.ts';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {CacheMountArchives} from '../../src/space/cache-mount-archives.ts';
import {openStateDirectory, type StateDirectory} from '../../src/store/state-directory.ts';
import {whyNotHere} from '../support/sandbox-world.ts';

const never = new AbortController().signal;
const variant = '[493,0,0,""]';
let folder: string;
let state: StateDirectory;
let helper: HelperProcess;
let archives: CacheMountArchives;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-cache-archives-'));
  state = openStateDirectory(join(folder, 'state'));
  helper = new HelperProcess({path: locateHelper(process.env)});
  archives = new CacheMountArchives({state, helper: async () => helper});
});
afterEach(async () => {
  await helper.close();
  state[Symbol.dispose]();
  rmSync(folder, {recursive: true, force: true});
});

async function cache(id: string, fill: (directory: string) => void = () => {}): Promise<string> {
  const first = async (directory: string): Promise<undefined> => {
    fill(directory);
    return undefined;
  };
  const use = await state.cacheMounts.use({id, variant}, first, never);
  await use.release();
  return use.path;
}

/** A tar of members `NAME=TEXT` or `NAME>TARGET` (a symlink), as they are written. */
async function tarOf(members: readonly string[]): Promise<string> {
  const tar = pack();
  for (const member of members) {
    const [, name = '', kind, rest = ''] = /^([^=>]*)([=>])(.*)$/.exec(member) ?? [];
    if (kind === '>') tar.entry({name, type: 'symlink', linkname: rest});
    else tar.entry({name}, rest);
  }
  tar.finalize();
  const file = join(folder, 'made.tar');
  await pipeline(tar, createWriteStream(file));
  return file;
}

describe.skipIf(whyNotHere() !== undefined)('CacheMountArchives', () => {
  it('brings back owners, modes, times, links and odd names', async () => {
    const from = await cache('a', (directory) => {
      mkdirSync(join(directory, 'd'));
      writeFileSync(join(directory, 'd', 'file'), 'text');
      linkSync(join(directory, 'd', 'file'), join(directory, 'd', 'again'));
      symlinkSync('d/file', join(directory, 'link'));
      writeFileSync(join(directory, '.wh.kept'), 'no whiteout here');
      chownSync(join(directory, 'd', 'file'), 1000, 50);
      chmodSync(join(directory, 'd', 'file'), 0o4751);
      utimesSync(join(directory, 'd'), 12, 34);
      chmodSync(join(directory, 'd'), 0o1777);
    });
    // The time of the cache itself is when it was filled.
    utimesSync(from, 56, 78);
    const file = join(folder, 'a.tar');
    await archives.export({id: 'a', variant}, file, never);
    await archives.import({id: 'b', variant, origin: 'a.tar'}, file, never);
    const to = await cache('b');
    expect(to).not.toBe(from);
    expect(readdirSync(to).toSorted()).toEqual(['.wh.kept', 'd', 'link']);
    const {uid, gid, mode, nlink} = statSync(join(to, 'd', 'again'));
    expect([uid, gid, mode & 0o7777, nlink]).toEqual([1000, 50, 0o4751, 2]);
    expect(statSync(join(to, 'd')).mode & 0o7777).toBe(0o1777);
    expect(statSync(join(to, 'd')).mtimeMs).toBe(34_000);
    utimesSync(to, 56, 78);
    const again = join(folder, 'b.tar');
    await archives.export({id: 'b', variant}, again, never);
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true);
    expect(state.cacheMounts.list().find(({id}) => id === 'b')?.variants[0]?.description?.origin).toBe(
      'a.tar',
    );
    expect(readdirSync(join(state.root, 'work'))).toEqual([]);
  });

  it('gives the root the owner and mode of the variant, whatever the archive says', async () => {
    const own = {id: 'a', variant: '[448,1000,50,""]'};
    await archives.import(own, await tarOf(['./=', 'f=x']), never);
    const {path, release} = await state.cacheMounts.use(own, async () => {}, never);
    await release();
    const {uid, gid, mode} = statSync(path);
    expect([uid, gid, mode & 0o7777]).toEqual([1000, 50, 0o700]);
  });

  it('puts what it reads in place of what was there, compressed or not', async () => {
    const path = await cache('a', (directory) => writeFileSync(join(directory, 'old'), ''));
    const packed = join(folder, 'packed');
    writeFileSync(packed, gzipSync(readFileSync(await tarOf(['new=1']))));
    await archives.import({id: 'a', variant}, packed, never);
    expect(readdirSync(path)).toEqual(['new']);
  });

  it.each([
    [['../out=x']],
    [['/../../out=x']],
    [['up>..', 'up/out=x']],
    [[`up>${tmpdir()}`, 'up/out=x']],
    [['up>/', 'up/out=x']],
  ])('an archive of %j does not get out', async (members) => {
    await archives.import({id: 'a', variant}, await tarOf(members), never).catch(() => {});
    for (const place of [folder, tmpdir(), '/', join(state.root, 'work'), join(state.root, 'cache-mounts')]) {
      expect(existsSync(join(place, 'out'))).toBe(false);
    }
  });

  it('refuses what is no archive, and leaves the cache as it was', async () => {
    const path = await cache('a', (directory) => writeFileSync(join(directory, 'old'), ''));
    const file = join(folder, 'text');
    writeFileSync(file, 'no tar at all');
    await expect(archives.import({id: 'a', variant}, file, never)).rejects.toThrow(/is no tar archive/);
    expect(readdirSync(path)).toEqual(['old']);
  });

  it('neither reads nor replaces what a step has mounted', async () => {
    const held = await state.cacheMounts.use({id: 'a', variant}, async () => {}, never);
    const file = await tarOf(['f=x']);
    await expect(archives.export({id: 'a', variant}, join(folder, 'o'), never)).rejects.toThrow(/in use/);
    await expect(archives.import({id: 'a', variant}, file, never)).rejects.toThrow(/in use/);
    await held.release();
    await archives.import({id: 'a', variant}, file, never);
    expect(readdirSync(held.path)).toEqual(['f']);
  });

  it('there is nothing to export where there is no cache', async () => {
    await expect(archives.export({id: 'a', variant}, join(folder, 'o'), never)).rejects.toThrow(
      /no cache mount/,
    );
  });
});
