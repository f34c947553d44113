// A build that is called as the one before, and finds nothing changed, says what that one said without building; and
// whatever is changed, it builds. Whether it did is in the history.

import {
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {BuildRecord} from '../../src/history/build-record.ts';
import {assertBuilt, type Run, type RunOptions, type Workspace, workspace} from './command.ts';

let space: Workspace;
let context: string;
const file = (name: string): string => join(context, name);

beforeAll(async () => {
  assertBuilt();
  space = await workspace();
  writeFileSync(join(space.folder, 'tsbuild.toml'), '# None\n');
  context = await space.context({
    Dockerfile: 'FROM base\nARG A=1\nLABEL a=$A\ncopy source /source\n',
    'source/a': 'one',
    'source/b': 'two',
    '.dockerignore': '**/*.log\n',
    'base/Dockerfile': 'FROM scratch\nCOPY file /\n',
    'base/file': 'base',
  });
  symlinkSync('a', file('source/link'));
  await base();
});
afterAll(async () => space?.[Symbol.asyncDispose]());

async function base(): Promise<void> {
  await space.build(['-t', 'base', file('base')]);
}

interface Answered {
  readonly run: Run;
  readonly id: string;
  readonly repeats: boolean;
}

function newestRecord(): BuildRecord {
  const folder = join(space.root, 'history');
  const newest = readdirSync(folder).sort().at(-1) ?? '';
  return JSON.parse(readFileSync(join(folder, newest, 'build.json'), 'utf8')) as BuildRecord;
}

async function build(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  more: RunOptions = {},
): Promise<Answered> {
  const config = join(space.folder, 'tsbuild.toml');
  const run = await space.run(['build', '-q', '-t', 'app', ...args, context], {config, env, ...more});
  expect(run.stderr).toBe('');
  expect(run.code).toBe(0);
  return {run, id: run.stdout.toString(), repeats: newestRecord().repeats !== undefined};
}

/** Builds until nothing is left to do; gives the image. */
async function settled(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  for (let turn = 0; turn < 6; turn++) {
    const answered = await build(args, env);
    if (answered.repeats) return answered.id;
    // A file that was just written may be written again without a trace.
    await sleep(20);
  }
  throw new Error('it is never the same');
}

/** A file with other bytes, and size and time as they were. */
function editSecretly(name: string, text: string): void {
  const {atime, mtime} = statSync(file(name));
  writeFileSync(file(name), text);
  utimesSync(file(name), atime, mtime);
}

describe('a build of which nothing changed', () => {
  it.each(['plain', 'tty'])('says the same to --progress=%s', async (sink) => {
    const plainly = (text: string): string =>
      text.replaceAll(/\d+\.\d+s/g, 'T').replaceAll(/"\d{4}-\d\d-\d\dT[^"]+"/g, 'T');
    const runs: Run[] = [];
    let repeated = 0;
    while (repeated === 0 && runs.length < 6) {
      const run = await space.run(['build', `--progress=${sink}`, context]);
      runs.push(run);
      if (newestRecord().repeats !== undefined) repeated++;
    }
    const [cached, last] = runs.slice(-2).map(({stderr, code, stdout}) => ({
      // A terminal is drawn as often as time allows.
      shown: sink === 'tty' ? plainly(stderr).split('\n').slice(-12) : plainly(stderr),
      code,
      stdout: stdout.toString(),
    }));
    expect(repeated).toBe(1);
    expect(last).toEqual(cached);
    if (sink === 'plain') expect(last?.shown).toContain('1 warning found');
  });

  it('is in the history with its steps, and says which build it repeats', async () => {
    await settled();
    const record = newestRecord();
    const {repeats = ''} = record;
    const first = JSON.parse(
      readFileSync(join(space.root, 'history', repeats, 'build.json'), 'utf8'),
    ) as BuildRecord;
    const timeless = ({
      id: _,
      startedMs: __,
      finishedMs: ___,
      repeats: ____,
      steps,
      ...rest
    }: BuildRecord) => ({
      ...rest,
      steps: steps.map(({startedMs: _____, finishedMs: ______, ...step}) => step),
    });
    expect(timeless(record)).toEqual(timeless(first));
    expect(record.startedMs).toBeGreaterThan(first.startedMs);
    const list = await space.run(['history ls', '--format', '{{.Ref}}']);
    expect(list.stdout.toString()).toContain(record.id);
  });
});

describe('a build is built when', () => {
  const changes: readonly (readonly [string, (id: string) => unknown, 'same' | 'other' | 'new'])[] = [
    ['a file has other bytes of the same number and time', () => editSecretly('source/a', 'ONE'), 'other'],
    ['a file has another mode', () => chmodSync(file('source/a'), 0o600), 'other'],
    ['a file that is ignored is new', () => writeFileSync(file('source/x.log'), ''), 'same'],
    [
      'the Dockerfile has an ignore file of its own',
      () => writeFileSync(file('Dockerfile.dockerignore'), '# None\n'),
      'other',
    ],
    [
      'a link leads elsewhere',
      () => {
        rmSync(file('source/link'));
        symlinkSync('b', file('source/link'));
      },
      'other',
    ],
    [
      'the Dockerfile has a comment more',
      () => writeFileSync(file('Dockerfile'), `# More\n${readFileSync(file('Dockerfile'), 'utf8')}`),
      'same',
    ],
    ['the configuration was written', () => writeFileSync(join(space.folder, 'tsbuild.toml'), ''), 'same'],
    [
      'the base image is another one',
      async () => {
        writeFileSync(file('base/file'), 'another');
        await base();
      },
      'other',
    ],
    ['the name stands for another image', () => space.run(['tag', 'base', 'app']), 'same'],
    [
      'the directory of a layer is gone',
      () => {
        for (const id of readdirSync(join(space.root, 'layers')))
          rmSync(join(space.root, 'layers', id), {recursive: true});
      },
      'same',
    ],
    [
      'a blob of the image is gone',
      (id) => rmSync(join(space.root, 'blobs', id.trim().replace(':', '/'))),
      'same',
    ],
    [
      'the note is torn',
      () => {
        const notes = join(space.root, 'unchanged');
        for (const name of readdirSync(notes))
          writeFileSync(join(notes, name), readFileSync(join(notes, name)).subarray(0, -9));
      },
      'same',
    ],
    ['everything was pruned', () => space.run(['prune', '-a', '-f']), 'new'],
  ];

  it.each(changes)('%s', async (_, change, outcome) => {
    const before = await settled();
    await change(before);
    if (readdirSync(join(space.root, 'unchanged')).length === 0) await base();
    const {id, repeats} = await build();
    expect(repeats).toBe(false);
    // What is copied anew has the times that its files have by now.
    if (outcome !== 'new') expect(id === before ? 'same' : 'other').toBe(outcome);
    const {stdout} = await space.run(['images', '-q', '--no-trunc', 'app']);
    expect(stdout.toString()).toBe(id);
  });

  it('it is called in another way', async () => {
    const before = await settled();
    const ways: readonly (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
      [['--build-arg', 'A=2'], {}],
      [['--build-arg', 'A'], {A: '3'}],
      [[], {SOURCE_DATE_EPOCH: '1000'}],
    ];
    for (const [args, env] of ways) {
      const {id, repeats} = await build(args, env);
      expect(repeats).toBe(false);
      expect(id).not.toBe(before);
    }
    // Every way has a note of its own, and `app` is what the last one made.
    const {repeats, id} = await build();
    expect(repeats).toBe(false);
    expect(id).toBe(before);
    const elsewhere = await build([], {}, {cwd: context});
    expect(elsewhere).toMatchObject({repeats: false, id: before});
  });
});

describe('a build that is not answered from a note', () => {
  it.each([
    ['writes what it shows to a file', ['--iidfile', 'id']],
    ['writes an archive', ['-o', 'type=tar,dest=out.tar']],
    ['asks whoever knows', ['--pull']],
    ['is told to build', ['--no-cache']],
    ['has a secret', ['--secret', 'id=x,src=tsbuild.toml']],
  ])('%s', async (_, args) => {
    const notes = (): string[] => readdirSync(join(space.root, 'unchanged'));
    const before = notes();
    for (let turn = 0; turn < 2; turn++) {
      const run = await space.run(['build', '-q', ...args, file('base')]);
      expect(run.code).toBe(0);
    }
    expect(notes()).toEqual(before);
  });

  it('loses nothing when many are under way', async () => {
    await settled();
    const runs = await Promise.all(
      Array.from({length: 6}, () => space.run(['build', '-q', '-t', 'app', context])),
    );
    expect(new Set(runs.map(({stdout}) => stdout.toString())).size).toBe(1);
    expect(runs.map(({code, stderr}) => ({code, stderr}))).toEqual(runs.map(() => ({code: 0, stderr: ''})));
    expect(readdirSync(join(space.root, 'work'))).toEqual([]);
  });
});
