// `tsbuild shell`: the state after a step, and the state in which a failed one left off.

import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {onTerminal} from '../support/terminal.ts';
import {tsbuildPath, type Workspace, workspaceWithBases} from './command.ts';
import {needCommand, needMemoryController} from './requirements.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

const dockerfile = [
  'FROM busybox AS first',
  'RUN echo a > /a',
  'ENV NAME=later',
  'RUN echo b > /b',
  'FROM busybox',
  'WORKDIR /srv',
  'COPY --from=first /b .',
  'RUN exit 1',
].join('\n');

describe('--at', () => {
  it.each([
    ['a step of a stage', 'first:2', ['/a'], '/', ''],
    ['a stage, whole', 'first', ['/a', '/b'], '/', 'later'],
    ['a line', '2', ['/a'], '/', ''],
    ['a line that makes no layer', '3', ['/a'], '/', 'later'],
    ['the beginning of a stage', '1', [], '/', ''],
    ['a stage without a name, before a step that fails', 'stage-1:3', ['b'], '/srv', ''],
  ])('%s', async (_, at, files, directory, name) => {
    const context = await space.context({Dockerfile: dockerfile});
    const script =
      'for f in /a /b b; do [ -e $f ] && [ "$f $PWD" != "b /" ] && echo $f; done; pwd; echo "$NAME"';
    const run = await space.run(['shell', '-q', '--at', at, context, '--', 'sh', '-c', script]);
    expect(run.stdout.toString()).toBe([...files, directory, name, ''].join('\n'));
    expect(run.code).toBe(0);
  });

  it.each([
    ['first:9', 'first has 3 steps, and no step 9'],
    ['second', 'there is no stage "second"'],
    [':2', 'the file has several stages'],
    ['99', 'there is no instruction on that line'],
  ])('%s is told of', async (at, message) => {
    const context = await space.context({Dockerfile: dockerfile});
    const run = await space.run(['shell', '--at', at, context]);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('needs to be told which', async () => {
    expect((await space.run(['shell', '.'])).code).toBe(2);
  });
});

describe('--failed', () => {
  const failing = [
    'FROM busybox',
    'ARG WORD',
    'WORKDIR /srv',
    'RUN --mount=type=secret,id=token,env=TOKEN --mount=type=bind,target=/context --mount=type=cache,target=/cache \\',
    '  cat /run/secrets/token > /dev/null; echo "$WORD" > /srv/half; echo kept > /cache/file; exit 41',
  ].join('\n');

  async function failingBuild(): Promise<{context: string; stderr: string}> {
    const context = await space.context({Dockerfile: failing, 'input.txt': 'input\n'});
    const secret = join(space.folder, 'token');
    writeFileSync(secret, 'very-secret-token');
    const run = await space.run([
      'build',
      '--secret',
      `id=token,src=${secret}`,
      '--build-arg',
      'WORD=hello',
      context,
    ]);
    expect(run.code, run.stderr).toBe(1);
    return {context, stderr: run.stderr};
  }

  it('has the files, environment, directory and mounts of the step, and no secret', async () => {
    const {stderr} = await failingBuild();
    expect(stderr).toContain('tsbuild shell --failed');
    const script =
      'pwd; cat half; echo $WORD; cat /context/input.txt /cache/file; ls /run/secrets; echo "[$TOKEN]"';
    const run = await space.run(['shell', '--failed', '--', 'sh', '-c', script]);
    expect(run.stdout.toString()).toBe('/srv\nhello\nhello\ninput\nkept\n[]\n');
    expect(run.stderr).toContain('ended with exit code 41');
    const kept = join(space.root, 'failed');
    const record = readFileSync(join(kept, readdirSync(kept)[0] ?? '', 'step.json'), 'utf8');
    expect(record).toContain('"exit":41');
    expect(record).not.toContain('very-secret-token');
    expect(record).not.toContain('TOKEN=');
  });

  it('what the shell writes is forgotten, the step stays', async () => {
    const {context} = await failingBuild();
    await space.run(['shell', '--failed', context], {input: 'rm /srv/half; echo > /srv/more\n'});
    const run = await space.run(['shell', '--failed', context, '--', 'ls', '/srv']);
    expect(run.stdout.toString()).toBe('half\n');
  });

  it('is limited by what is asked for now, and says so', async (test) => {
    needMemoryController(test);
    const context = await space.context({Dockerfile: 'FROM busybox\nRUN exit 1\n'});
    expect((await space.run(['build', context])).code).toBe(1);
    for (const which of [['--at', '1'], ['--failed']]) {
      const limited = ['shell', '-q', ...which, '-m', '64m', context, '--'];
      const run = await space.run([...limited, 'tail', '/dev/zero']);
      expect([run.code, run.stderr]).toEqual([137, expect.stringContaining('at the limit of 64 MiB')]);
      expect((await space.run([...limited, 'true'])).code).toBe(0);
    }
  });

  it('is gone with the next success of the project, and with no other', async () => {
    const {context} = await failingBuild();
    await space.build([await space.context({Dockerfile: 'FROM busybox\nRUN true\n'})]);
    expect((await space.run(['shell', '--failed', context, '--', 'true'])).code).toBe(0);
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nRUN true\n');
    await space.build([context]);
    const run = await space.run(['shell', '--failed', context, '--', 'true']);
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('no failed step is kept')]);
    expect(readdirSync(join(space.root, 'work'))).toEqual([]);
  });

  it('of a Dockerfile by another name is found by that name, or as the last one', async () => {
    const context = await space.context({Other: 'FROM busybox\nRUN echo > /left; exit 5\n'});
    await space.run(['build', '-f', join(context, 'Other'), context]);
    for (const which of [['-f', join(context, 'Other'), context], []]) {
      const run = await space.run(['shell', '--failed', ...which, '--', 'ls', '/left']);
      expect([run.code, run.stdout.toString()]).toEqual([0, '/left\n']);
    }
    const run = await space.run(['shell', '--failed', context, '--', 'true']);
    expect([run.code, run.stderr]).toEqual([
      1,
      expect.stringMatching(/no failed step is kept\n.*with -f, or give no/),
    ]);
  });

  it('an interrupted step is not kept', async () => {
    const context = await space.context({Dockerfile: 'FROM busybox\nRUN echo on; sleep 600\n'});
    const running = space.start(['build', '--progress', 'plain', context]);
    await running.until(/^#\d+ \d+\.\d+ on/m);
    running.child.kill('SIGINT');
    await running.done;
    expect((await space.run(['shell', '--failed', context, '--', 'true'])).code).toBe(1);
  });

  it('is a shell on a terminal', async (test) => {
    needCommand(test, 'python3');
    await failingBuild();
    const run = await onTerminal(
      [tsbuildPath, 'shell', '--root', space.root, '--failed'],
      [{await: '/srv # ', type: 'cat half; exit 5\r'}],
    );
    expect(run.screen).toContain('hello\r\n');
    expect([run.code, run.restored]).toEqual([5, true]);
  });
});

describe('--at a step that fails', () => {
  it('opens where it left off, and a step before it that fails is told of', async () => {
    const failing = 'FROM busybox\nRUN echo x > /x\nRUN echo half > /half; exit 9\nRUN true\n';
    const context = await space.context({Dockerfile: failing});
    for (const at of [':3', '3']) {
      const run = await space.run(['shell', '-q', '--at', at, context, '--', 'cat', '/x', '/half']);
      expect([run.code, run.stdout.toString()]).toEqual([0, 'x\nhalf\n']);
      expect(run.stderr).toContain('[3/4] RUN echo half > /half; exit 9\nended with exit code 9');
    }
    const later = await space.run(['shell', '-q', '--at', ':4', context, '--', 'true']);
    expect([later.code, later.stderr]).toEqual([1, expect.stringContaining('exec-exit-nonzero')]);
    const files = await space.run(['export', '--at', ':3', context]);
    expect([files.code, files.stderr]).toEqual([1, expect.stringContaining('exec-exit-nonzero')]);
  });

  it('tells how to run the step again when progress is drawn for the last time', async (test) => {
    needCommand(test, 'python3');
    const context = await space.context({Dockerfile: 'FROM busybox\nRUN echo half > /half; exit 9\n'});
    const run = await onTerminal(
      [tsbuildPath, 'shell', '--root', space.root, '--config', `${space.config}`, '--at', ':2', context],
      [{await: '/ # ', type: 'cat half; exit 5\r'}],
    );
    const [, after] = run.screen.split('to run it again: ');
    expect(after).toContain('half\r\n');
    expect(after).not.toContain('[+] Building');
    expect([run.code, run.restored]).toEqual([5, true]);
  });
});
