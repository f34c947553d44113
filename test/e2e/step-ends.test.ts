// How steps end and what they say: time limits, output without loss, terminals out of reach.

import {createHash, randomBytes} from 'node:crypto';
import {appendFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {onTerminal} from '../support/terminal.ts';
import {tsbuildPath, type Workspace, workspaceWithBases} from './command.ts';
import {needCommand} from './requirements.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

it('a step that takes longer than --step-timeout has failed, with all that it started', async () => {
  const context = await space.context({
    Dockerfile: `FROM busybox\nRUN echo begun > /begun; (: ${space.mark}; sleep 600) & sleep 600\n`,
  });
  // Long enough for a step to begin on a machine that has other work.
  const run = await space.run(['build', '--step-timeout', '2500ms', context]);
  expect([run.code, run.stderr]).toEqual([
    1,
    expect.stringContaining('did not complete successfully: it was ended after 2.5 s'),
  ]);
  expect(await space.leftovers()).toEqual([]);
  const shell = await space.run(['shell', '--failed', context, '--', 'cat', '/begun']);
  expect([shell.stdout.toString(), shell.stderr]).toEqual([
    'begun\n',
    expect.stringContaining('took too long'),
  ]);
  await space.build(['--step-timeout', '1m', await space.context({Dockerfile: 'FROM busybox\nRUN true\n'})]);
});

it('output of each stream comes whole and in order, whatever bytes it is', async () => {
  const awk = 'awk \'BEGIN {for (i = 0; i < 40000; i++) printf "%c%d\\377\\0\\n", i % 256, i}\'';
  const context = await space.context({Dockerfile: `FROM busybox\nRUN ${awk} & ${awk} >&2; wait\n`});
  const run = await space.run(['build', '--progress', 'rawjson', context]);
  expect(run.code).toBe(0);
  const streams = new Map<number, Buffer[]>([
    [1, []],
    [2, []],
  ]);
  for (const line of run.stderr.trim().split('\n')) {
    const {logs = []} = JSON.parse(line) as {logs?: {stream: number; data: string}[]};
    for (const {stream, data} of logs) streams.get(stream)?.push(Buffer.from(data, 'base64'));
  }
  const digests = [...streams.values()].map((chunks) => {
    const bytes = Buffer.concat(chunks);
    expect(bytes.length).toBeGreaterThan(200_000);
    return createHash('sha256').update(bytes).digest('hex');
  });
  expect(digests[0]).toBe(digests[1]);
});

it('200 MB of any bytes come as they were', async () => {
  const piece = randomBytes(20_000_000);
  const context = await space.context({Dockerfile: 'FROM busybox\nCOPY piece /\n'});
  await writeFile(join(context, 'piece'), piece);
  const loop = 'i=0; while [ $i -lt 10 ]; do cat /piece; i=$((i + 1)); done';
  await appendFile(join(context, 'Dockerfile'), `RUN ${loop}\n`);
  const {child, done} = space.start(['build', '--progress', 'rawjson', context]);
  if (child.stderr === null) throw new Error('the command has no standard error');
  const found = createHash('sha256');
  for await (const line of createInterface({input: child.stderr, crlfDelay: Number.POSITIVE_INFINITY})) {
    const {logs = []} = JSON.parse(line) as {logs?: {stream: number; data: string}[]};
    for (const {stream, data} of logs) if (stream === 1) found.update(data, 'base64');
  }
  expect((await done).code).toBe(0);
  const expected = createHash('sha256');
  for (let index = 0; index < 10; index++) expected.update(piece);
  expect(found.digest('hex')).toBe(expected.digest('hex'));
});

it.for(['plain', 'tty', 'quiet'])(
  'no control of a step reaches the terminal: --progress=%s',
  async (progress, test) => {
    needCommand(test, 'python3');
    const evil = '\\033]0;owned\\007\\033[2J\\033[6n\\033P+q544e\\033\\\\\\302\\2332Jtext\\a\\033[31mred\\n';
    const context = await space.context({Dockerfile: `FROM busybox\nRUN printf '${evil}'; exit 1\n`});
    const config = join(space.folder, 'tsbuild.toml');
    const {screen, code, restored} = await onTerminal([
      tsbuildPath,
      'build',
      '--root',
      space.root,
      '--config',
      config,
      '--progress',
      progress,
      context,
    ]);
    expect(screen).toMatch(/text(\^G|·)?(\x1b\[31m)?red/);
    // What the tty sink draws with is its own.
    const steps = screen.replace(/\x1b\[(\?2026[hl]|\?25[hl]|\d*[AJK])|\x1b\[[0-9;]*m/g, '');
    expect(steps).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/);
    expect([code, restored]).toEqual([1, true]);
  },
);

it('a program that cannot be run is no exit code', async () => {
  const context = await space.context({Dockerfile: 'FROM busybox\nRUN ["/nosuch"]\n'});
  const run = await space.run(['build', context]);
  expect(run.stderr).toContain('exec-not-started');
  expect(run.stderr).toContain('hint:');
  expect(run.stderr).not.toContain('exit code');
});
