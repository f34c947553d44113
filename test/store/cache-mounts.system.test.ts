// Caches that are kept, told apart, and forgotten without hurting who uses them.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {startTimeOf} from '../../src/store/process-start.ts';
import {openStateDirectory, type StateDirectory} from '../../src/store/state-directory.ts';

const never = new AbortController().signal;
let root: string;
let state: StateDirectory;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-caches-'));
  state = openStateDirectory(root);
});
afterEach(() => {
  state[Symbol.dispose]();
  rmSync(root, {recursive: true, force: true});
});

const work = (): string[] => readdirSync(join(root, 'work'));
/** Uses a cache for a moment; `fill` writes its first contents. */
async function use(id: string, variant = 'v', first = 'first'): Promise<string> {
  const fill = (directory: string) => writeFile(join(directory, first), '').then(() => undefined);
  const held = await state.cacheMounts.use({id, variant}, fill, never);
  await held.release();
  return held.path;
}

describe('CacheMounts', () => {
  it('fills a cache once and keeps what is written there', async () => {
    const path = await use('npm');
    writeFileSync(join(path, 'later'), '');
    expect(await use('npm', 'v', 'other')).toBe(path);
    expect(readdirSync(path).toSorted()).toEqual(['first', 'later']);
    expect(work()).toEqual([]);
  });

  it('tells ids and variants apart', async () => {
    const paths = [await use('a'), await use('a', 'w'), await use('b')];
    expect(new Set(paths).size).toBe(3);
  });

  it('one that could not be filled does not exist', async () => {
    const fill = () => Promise.reject(new Error('no'));
    await expect(state.cacheMounts.use({id: 'a', variant: 'v'}, fill, never)).rejects.toThrow('no');
    expect(readdirSync(await use('a'))).toEqual(['first']);
  });

  it('forgets all variants of an id, and no other', async () => {
    const kept = await use('b');
    const gone = [await use('a'), await use('a', 'w')];
    const left = await state.cacheMounts.forget('a', never);
    expect(dirname(left ?? '')).toBe(join(root, 'work'));
    expect(gone.map((path) => existsSync(path))).toEqual([false, false]);
    expect(existsSync(kept)).toBe(true);
    expect(await state.cacheMounts.forget('a', never)).toBeUndefined();
    expect(readdirSync(await use('a', 'v', 'again'))).toEqual(['again']);
  });

  it('what another process uses is its own until it ends, and swept then', async () => {
    const path = await use('a');
    const child = spawn('sleep', ['60']);
    const ended = once(child, 'close');
    const pid = child.pid ?? 0;
    writeFileSync(join(dirname(path), 'users', `${pid}.${startTimeOf(pid)}.0`), '');
    expect(await state.cacheMounts.forget('a', never)).toBeUndefined();
    const [moved = ''] = work();
    expect(moved).toMatch(new RegExp(`^${pid}\\.`));
    expect(state.staleWork()).toEqual([]);
    child.kill('SIGKILL');
    await ended;
    expect(state.staleWork()).toEqual([join(root, 'work', moved)]);
  });

  it('who died while using it does not keep it', async () => {
    const path = await use('a');
    writeFileSync(join(dirname(path), 'users', `${process.pid}.1.0`), '');
    expect(await state.cacheMounts.forget('a', never)).toBeDefined();
  });
});

describe('what is told of a cache', () => {
  it('is how it was shared last, and where it came from', async () => {
    const fill = async (): Promise<void> => {};
    const none = async (): Promise<undefined> => undefined;
    const cache = {id: 'a', variant: 'v', origin: 'elsewhere'};
    expect(await state.cacheMounts.replace(cache, fill, never)).toBeUndefined();
    for (const sharing of ['shared', 'locked']) {
      const held = await state.cacheMounts.use({id: 'a', variant: 'v', sharing}, none, never);
      expect(state.cacheMounts.list()[0]?.inUse).toBe(true);
      await held.release();
    }
    const [facts] = state.cacheMounts.list();
    expect(facts?.variants[0]?.description).toEqual({...cache, sharing: 'locked'});
    expect([facts?.id, facts?.inUse]).toEqual(['a', false]);
  });

  it('a step that begins to use it waits for whoever looks', async () => {
    await use('a');
    const order: string[] = [];
    let using: Promise<unknown> = Promise.resolve();
    await state.cacheMounts.look(
      {id: 'a', variant: 'v'},
      async () => {
        const waits = new Promise<void>((resolve) => {
          const cache = {id: 'a', variant: 'v'};
          using = state.cacheMounts.use(cache, async () => {}, never, resolve).then(() => order.push('used'));
        });
        await waits;
        order.push('looked');
      },
      never,
    );
    await using;
    expect(order).toEqual(['looked', 'used']);
  });
});
