// What came of blobs that broke off takes space like all else: it is listed, and goes when nobody wants the rest.

import {mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {HelperProcess} from '../../src/helper/helper-process.ts';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {digestOf, hexOf} from '../../src/oci/digest.ts';
import {parseFilters} from '../../src/space/filter.ts';
import {fsck} from '../../src/space/fsck.ts';
import {Space} from '../../src/space/space.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {openStateDirectory, type StateDirectory} from '../../src/store/state-directory.ts';
import {systemClock} from '../../src/util/clock.ts';

const {signal} = new AbortController();
const digest = digestOf('a large layer');
let folder: string;
let state: StateDirectory;
let helper: HelperProcess;
let space: Space;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-partial-space-'));
  state = openStateDirectory(folder);
  helper = new HelperProcess({path: locateHelper(process.env)});
  space = new Space({state, helper: async () => helper, clock: systemClock});
  mkdirSync(join(folder, 'partial'));
  path = join(folder, 'partial', hexOf(digest));
  writeFileSync(path, Buffer.alloc(200_000, 1));
});
afterEach(async () => {
  await helper.close();
  state[Symbol.dispose]();
  rmSync(folder, {recursive: true, force: true});
});

const left = (): number => readdirSync(join(folder, 'partial')).length;
const prune = (all: boolean) => space.prune({all, filter: parseFilters([])}, signal);

it('a part of a blob is listed with what it takes, and stays until all is asked for', async () => {
  const [item] = (await space.items()).filter(({id}) => id === hexOf(digest));
  expect(item).toMatchObject({type: 'internal', garbage: false, inUse: false, bytes: 200_704});
  await prune(false);
  expect(left()).toBe(1);
  await prune(true);
  expect(left()).toBe(0);
});

it('one that a process goes on with stays', async () => {
  await new LocalBlobStore(folder).has(digest);
  await prune(true);
  expect(left()).toBe(1);
});

it('one that nobody went on with for a day is garbage', async () => {
  const seconds = Date.now() / 1000 - 25 * 3600;
  utimesSync(path, seconds, seconds);
  const findings = await fsck({state, helper: async () => helper, deep: false, repair: false}, signal);
  expect(findings).toMatchObject([{kind: 'leftover', name: hexOf(digest)}]);
  await prune(false);
  expect(left()).toBe(0);
});

it('one of a blob that has come another way is garbage', async () => {
  await new LocalBlobStore(folder).put(Buffer.from('a large layer'));
  state.leases.end();
  await prune(false);
  expect(left()).toBe(0);
  state.leases.begin();
});
