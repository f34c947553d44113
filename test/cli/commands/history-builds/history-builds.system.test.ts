import {mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {runCli} from '../../../../src/cli/run.ts';
import {HistoryStore} from '../../../../src/history/history-store.ts';
import {buildRecord, step} from '../../../history/build-records.ts';
import {memoryIo} from '../../memory-io.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-history-'));
  const store = new HistoryStore(root);
  const steps = [
    step('[1/2] FROM x', {line: 1, outcome: 'cached'}),
    step('[2/2] RUN y', {line: 2}),
    step('exporting to image'),
  ];
  for (const [id, context] of [
    ['mx1k75wj0001', join(root, 'one/app')],
    ['mx1k75wj0002', join(root, 'two')],
  ] as const) {
    const logs = join(root, `logs-${id}`);
    mkdirSync(logs);
    store.add(buildRecord({id, context, target: 'last', platforms: ['linux/arm64'], steps}), logs);
  }
});
afterEach(() => rmSync(root, {recursive: true, force: true}));

async function tsbuild(
  words: readonly string[],
  cwd = root,
): Promise<{code: number; out: string; err: string}> {
  const io = memoryIo({env: {TSBUILD_ROOT: root}, cwd});
  const code = await runCli(words, io, new AbortController().signal);
  return {code, out: io.out(), err: io.err()};
}

describe('the history, as a user of buildx asks for it', () => {
  it('has the fields of buildx', async () => {
    const fields =
      '{{.Ref}} {{.Target}} {{.Platform}} {{.NumCachedSteps}}/{{.NumCompletedSteps}}/{{.NumTotalSteps}}';
    const shown = await tsbuild(['buildx', 'history', 'inspect', '--format', fields, '^1']);
    expect(shown.out).toBe('mx1k75wj0001 last [linux/arm64] 1/2/2\n');
    const listed = await tsbuild(['history', 'ls', '--no-trunc', '-D', '--format', '{{.Ref}}']);
    expect(listed.out).toBe('mx1k75wj0002\nmx1k75wj0001\n');
  });

  it('lists the builds of the repository that one is in', async () => {
    const below = join(root, 'one/app/src');
    mkdirSync(below, {recursive: true});
    mkdirSync(join(root, 'one/.git'));
    expect((await tsbuild(['history', 'ls', '-q', '--local'], below)).out).toBe('mx1k75wj0001\n');
    const outside = await tsbuild(['history', 'ls', '--local'], '/');
    expect([outside.code, outside.err]).toEqual([1, expect.stringContaining('/ is in no git repository')]);
  });

  it('is written as a file for each build', async () => {
    const all = await tsbuild([
      'history',
      'export',
      '--all',
      '--finalize',
      '--format',
      'json',
      '-o',
      'reports',
    ]);
    expect(readdirSync(join(root, 'reports')).toSorted()).toEqual(['mx1k75wj0001.json', 'mx1k75wj0002.json']);
    expect(all.out.split('\n')).toContain(join(root, 'reports/mx1k75wj0001.json'));
    expect((await tsbuild(['history', 'export', '^0', '^1', '-o', 'pages'])).code).toBe(0);
    expect(readdirSync(join(root, 'pages'))).toHaveLength(2);
    expect((await tsbuild(['history', 'export', '--all', '^0'])).code).toBe(2);
  });

  it.each([
    [['history', 'open'], '"history open" opens Docker Desktop'],
    [['history', 'import', '-f', 'x.dockerbuild'], '--file is of "history import"'],
    [['history', 'import', 'x'], '"history import" gives records of builds to Docker Desktop'],
    [['history', 'trace', '^1'], '"history trace" opens a viewer'],
    [['history', 'inspect', 'attachment'], 'the history keeps no attachments'],
    [['history', 'logs', '--progress', 'rawjson'], '--progress takes only plain here'],
    [['history', 'ls', '--builder', 'x'], '--builder is not supported'],
  ])('%j is answered with one sentence', async (words, sentence) => {
    const {code, err} = await tsbuild(words);
    expect([code, err]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it.each([
    [['du', '-D']],
    [['buildx', 'du', '--timeout', '20s']],
    [['builder', 'prune', '-f', '--timeout=20s']],
  ])('%j is accepted', async (words) => {
    expect((await tsbuild(words)).code).toBe(0);
  });
});
