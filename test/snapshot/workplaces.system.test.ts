// Where layers are made: a step finds its directories ready, and nothing of them is left behind.

import {chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import type {Helper} from '../../src/helper/helper.ts';
import {type Workplace, Workplaces} from '../../src/snapshot/workplaces.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-workplaces-'));
  mkdirSync(join(root, 'work'));
});
afterEach(() => rmSync(root, {recursive: true, force: true}));

const helper: Helper = {
  async request(_verb, args) {
    for (const arg of args) rmSync(arg.slice('path='.length), {recursive: true});
    return new Map();
  },
  close: async () => {},
};
const opened = (): Workplaces => new Workplaces({root}, async () => helper);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const made = (): number => readdirSync(join(root, 'work')).length;

it('the first has nothing made ahead; from the second one on the next is there before it is asked for', async () => {
  const workplaces = opened();
  await workplaces.make(1);
  await turn();
  expect(made()).toBe(1);
  await workplaces.make(1);
  await turn();
  expect(made()).toBe(3);
  const third = await workplaces.make(7);
  expect(made()).toBe(3);
  await turn();
  expect(statSync((await workplaces.make(7)).upper).mtimeMs).toBe(7000);
  expect(statSync(third.upper).mtimeMs).toBe(7000);
  expect(statSync(third.upper).mode & 0o7777).toBe(0o755);
});

/** As overlayfs leaves it. */
const use = ({work}: Workplace): void => {
  mkdirSync(join(work, 'work/incompat/volatile'), {recursive: true});
  chmodSync(join(work, 'work'), 0);
};

it('what nothing was written to is used again, without what overlayfs has left', async () => {
  const workplaces = opened();
  let last = await workplaces.make(1);
  const {upper} = last;
  for (const seconds of [2, 2, 3]) {
    use(last);
    workplaces.discardUnused(last);
    last = await workplaces.make(seconds);
    expect(last.upper).toBe(upper);
    expect(readdirSync(last.work)).toEqual([]);
    expect(statSync(upper).mtimeMs).toBe(seconds * 1000);
    expect(statSync(upper).atimeMs).toBe(seconds * 1000);
  }
  workplaces.discard(last.directory);
  await workplaces.cleanUp();
  expect(made()).toBe(0);
});

it('a root that was made like one of another kind is not used again', async () => {
  const workplaces = opened();
  const first = await workplaces.make(1);
  rmSync(first.upper, {recursive: true});
  mkdirSync(first.upper, {mode: 0o700});
  workplaces.discardUnused(first);
  expect((await workplaces.make(2)).upper).not.toBe(first.upper);
});

it('what is left of many steps is removed while others run, and not of each by itself', async () => {
  const asked: (readonly string[])[] = [];
  const counting: Helper = {
    request: (verb, args) => {
      asked.push(args);
      return helper.request(verb, args);
    },
    close: helper.close,
  };
  const workplaces = new Workplaces({root}, async () => counting);
  let last = await workplaces.make(1);
  for (let step = 0; step < 40; step++) {
    use(last);
    workplaces.discardUnused(last);
    last = await workplaces.make(1);
  }
  await turn();
  expect(asked.length).toBe(2);
  expect(asked.flat().some((arg) => existsSync(arg.slice('path='.length)))).toBe(false);
  workplaces.discard(last.directory);
  await workplaces.cleanUp();
  expect(asked.length).toBe(3);
  expect(made()).toBe(0);
});

it('who waits for the end hears of what could not be removed', async () => {
  const failing: Helper = {request: () => Promise.reject(new Error('gone')), close: async () => {}};
  const workplaces = new Workplaces({root}, async () => failing);
  workplaces.discard((await workplaces.make(1)).directory);
  workplaces.tidy();
  await expect(workplaces.cleanUp()).rejects.toThrow('gone');
});

it('at the end nothing is left but what became a layer', async () => {
  const workplaces = opened();
  const [layer, thrownAway, unused] = [
    await workplaces.make(1),
    await workplaces.make(1),
    await workplaces.make(1),
  ];
  use(layer);
  workplaces.strip(layer);
  workplaces.strip(layer);
  workplaces.discard(thrownAway.directory);
  workplaces.discardUnused(unused);
  await turn();
  await workplaces.cleanUp();
  expect(readdirSync(join(root, 'work')).map((name) => join(root, 'work', name))).toEqual([layer.directory]);
  expect(existsSync(layer.upper)).toBe(true);
  expect(readdirSync(layer.work)).toEqual([]);
});
