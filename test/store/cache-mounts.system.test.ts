// Caches that are kept, told apart, and forgotten without hurting who uses them.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {CacheMountUse} from '../../src/store/cache-mounts.ts';
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
/** Has a cache in use; `first` is the file that it begins with. */
function take(id: string, first: string, variant = 'v', signal = never): Promise<CacheMountUse> {
  const fill = (directory: string) => writeFile(join(directory, first), '').then(() => undefined);
  return state.cacheMounts.use({id, variant}, fill, signal);
}

/** Uses a cache for a moment. */
async function use(id: string, variant = 'v', first = 'first'): Promise<string> {
  const held = await take(id, first, variant);
  await held.release();
  return held.path;
}

/** Another process that uses the cache at `path`. */
function sleeper(path: string): {kill(): Promise<unknown>} {
  const child = spawn('sleep', ['60']);
  const ended = once(child, 'close');
  const pid = child.pid ?? 0;
  writeFileSync(join(dirname(path), 'users', `${pid}.${startTimeOf(pid)}.0`), '');
  return {
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
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
    expect(left.map((path) => dirname(path))).toEqual([join(root, 'work'), join(root, 'work')]);
    expect(gone.map((path) => existsSync(path))).toEqual([false, false]);
    expect(existsSync(kept)).toBe(true);
    expect(state.cacheMounts.list().map(({id}) => id)).toEqual(['b']);
    expect(await state.cacheMounts.forget('a', never)).toEqual([]);
    expect(readdirSync(await use('a', 'v', 'again'))).toEqual(['again']);
  });

  it('what is in use when it is forgotten keeps its path until its last user lets go', async () => {
    const [first, second] = [await take('a', 'first'), await take('a', 'other')];
    expect(await state.cacheMounts.forget('a', never)).toEqual([]);
    const fresh = await take('a', 'fresh');
    expect(await state.cacheMounts.forget('a', never)).toEqual([]);
    expect([first, second, fresh].map(({path}) => readdirSync(path))).toEqual([
      ['first'],
      ['first'],
      ['fresh'],
    ]);
    await first.release();
    expect(readdirSync(second.path)).toEqual(['first']);
    await second.release();
    expect([existsSync(second.path), existsSync(fresh.path)]).toEqual([false, true]);
    await fresh.release();
    expect(readdirSync(join(root, 'cache-mounts'))).toEqual([]);
    expect(work()).toHaveLength(2);
  });

  it('what is forgotten is neither listed, looked at nor replaced, and kept from being removed', async () => {
    const old = await take('a', 'old');
    await state.cacheMounts.forget('a', never);
    const cache = {id: 'a', variant: 'v'};
    const look = () => state.cacheMounts.look(cache, async (path) => readdirSync(path), never);
    await expect(look()).rejects.toThrow('there is no cache mount a');
    const [listed] = state.cacheMounts.list();
    expect([listed?.id, listed?.variants, listed?.inUse]).toEqual(['a', [], true]);
    const fill = (directory: string) => writeFile(join(directory, 'new'), '');
    expect(await state.cacheMounts.replace(cache, fill, never)).toBeUndefined();
    expect([await look(), readdirSync(old.path)]).toEqual([['new'], ['old']]);
    expect(await state.cacheMounts.forgetUnused(listed?.folder ?? '', never)).toBeUndefined();
    await old.release();
    expect([await look(), existsSync(old.path)]).toEqual([['new'], false]);
  });

  it('what several processes use is there until the last of them ends, also when it is killed', async () => {
    const path = await use('a');
    const [one, two] = [sleeper(path), sleeper(path)];
    expect(await state.cacheMounts.forget('a', never)).toEqual([]);
    await one.kill();
    await use('a', 'v', 'fresh');
    expect([readdirSync(path), state.staleWork()]).toEqual([['first'], []]);
    await two.kill();
    expect(readdirSync(await use('a'))).toEqual(['fresh']);
    expect([existsSync(path), work().length]).toEqual([false, 1]);
  });

  it('many that forget and use at once each have what they were given', async () => {
    const names = Array.from({length: 20}, (_, number) => `${number}`);
    const one = async (name: string): Promise<void> => {
      const {signal} = new AbortController();
      await state.cacheMounts.forget('a', signal);
      const held = await take('a', name, 'v', signal);
      writeFileSync(join(held.path, name), '');
      await state.cacheMounts.forget('a', signal);
      expect(readdirSync(held.path)).toContain(name);
      await held.release();
    };
    await Promise.all(names.map(one));
    expect(readdirSync(join(root, 'cache-mounts'))).toEqual([]);
  });

  it('who died while using it does not keep it', async () => {
    const path = await use('a');
    writeFileSync(join(dirname(path), 'users', `${process.pid}.1.0`), '');
    expect(await state.cacheMounts.forget('a', never)).toHaveLength(1);
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
