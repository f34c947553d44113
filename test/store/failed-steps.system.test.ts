import {existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {FailedSteps} from '../../src/store/failed-steps.ts';

let root: string;
let made: number;
let steps: FailedSteps;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-failed-'));
  made = 0;
  steps = new FailedSteps({root, makeWork: async () => newDirectory()});
});
afterEach(() => rmSync(root, {recursive: true, force: true}));

function newDirectory(): string {
  const path = join(root, `work-${++made}`);
  mkdirSync(path);
  return path;
}

/** Keeps a layer with one file; `age` seconds old. */
async function keep(project: string, text: string, age = 0): Promise<readonly string[]> {
  const directory = newDirectory();
  mkdirSync(join(directory, 'fs'));
  writeFileSync(join(directory, 'fs', 'file'), text);
  const displaced = await steps.keep(project, directory, {text});
  const time = Date.now() / 1000 - age;
  utimesSync(join(root, 'failed', project, 'step.json'), time, time);
  return displaced;
}

it('keeps one for each project, the last one', async () => {
  expect(steps.find()).toBeUndefined();
  await keep('a', 'first');
  await keep('b', 'other', 60);
  const displaced = await keep('a', 'second');
  expect(displaced.map((path) => existsSync(join(path, 'fs', 'file')))).toEqual([true]);
  expect(steps.find('a')).toMatchObject({layer: join(root, 'failed/a/fs'), record: {text: 'second'}});
  expect(steps.find('b')?.record).toEqual({text: 'other'});
  expect(steps.find()?.record).toEqual({text: 'second'});
});

it('lets go of what is displaced', async () => {
  await keep('a', 'first');
  expect(await steps.displace('a')).toHaveLength(1);
  expect(await steps.displace('a')).toEqual([]);
  expect(steps.find('a')).toBeUndefined();
});

it('keeps the newest few', async () => {
  for (let number = 0; number < 8; number++) await keep(`p${number}`, String(number), 100 - number);
  const displaced = await keep('p8', '8');
  expect(displaced).toHaveLength(1);
  expect(steps.find('p0')).toBeUndefined();
  expect(steps.find('p1')).toBeDefined();
});

it('nobody else can read it', async () => {
  await keep('a', 'first');
  expect(statSync(join(root, 'failed')).mode & 0o777).toBe(0o700);
  expect(statSync(join(root, 'failed/a/step.json')).mode & 0o777).toBe(0o600);
});
