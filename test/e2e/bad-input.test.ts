// What users get wrong, and what machines refuse: each ends with one clear error, the right exit code, nothing left on
// the machine, and the next build works.

import {mkdir, writeFile} from 'node:fs/promises';
import {type AddressInfo, createServer} from 'node:net';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {mirrorConfig} from '../../fixtures/base-images.mjs';
import {type Run, type RunOptions, type Workspace, workspaceWithBases} from './command.ts';
import {asOrdinaryUser, withoutUserNamespaces} from './ordinary-user.ts';

let space: Workspace;
let good: string;

beforeAll(async () => {
  space = await workspaceWithBases();
  good = await space.context({Dockerfile: 'FROM busybox\nRUN echo works\n'});
  await space.build([good]);
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  expect(await space.leftovers()).toEqual([]);
  expect((await space.run(['build', good])).code).toBe(0);
});

/** Exactly one block that starts with `error`, no stack trace, no internals. */
function expectOneError(run: Run, code: number, message: RegExp): void {
  expect(run.stderr).toMatch(message);
  expect(run.stderr.match(/^(?:error|ERROR)\b.*$/gm)?.length, run.stderr).toBe(1);
  expect(run.stderr).not.toMatch(/^\s+at .*[:(]\d+/m);
  expect(run.code, run.stderr).toBe(code);
}

async function failing(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  options?: RunOptions,
): Promise<Run> {
  return space.run(['build', ...args, await space.context(files)], options);
}

describe('a wrong Dockerfile', () => {
  it('an unknown instruction is shown with its place and a suggestion', async () => {
    const run = await failing({Dockerfile: 'FROM busybox\nRUNN echo\n'});
    expectOneError(run, 1, /unknown instruction.*RUNN/i);
    expect(run.stderr).toMatch(/Dockerfile:2/);
    expect(run.stderr).toMatch(/RUN\b/);
  });

  it('an unknown flag is shown with its place and a suggestion', async () => {
    const run = await failing({Dockerfile: 'FROM busybox AS a\nFROM busybox\nCOPY --form=a /x /y\n'});
    expectOneError(run, 1, /--form|unknown flag.*form/);
    expect(run.stderr).toMatch(/Dockerfile:3/);
    expect(run.stderr).toMatch(/--from/);
  });

  it('a file that COPY does not find is named, and what may have been meant', async () => {
    const run = await failing({Dockerfile: 'FROM busybox\nCOPY missing.txt /\n', 'mising.txt': ''});
    expectOneError(run, 1, /missing\.txt.*not found|no such file.*missing\.txt/i);
    expect(run.stderr).toMatch(/Dockerfile:2/);
    expect(run.stderr).toContain('did you mean mising.txt?');
    const stage = await failing({Dockerfile: 'FROM busybox\nCOPY --from=busybox /bin/busybx /\n'});
    expectOneError(stage, 1, /"\/bin\/busybx": not found/);
    expect(stage.stderr).toContain('did you mean bin/busybox?');
  });

  it('all files that the context lacks are told at once, and none of a stage that is not built', async () => {
    const Dockerfile = [
      'FROM busybox AS unused',
      'COPY not-meant /',
      'FROM busybox',
      'COPY one two there /a/',
      'RUN echo works',
      'ADD three /',
      'RUN --mount=type=bind,source=four,target=/mnt true',
    ].join('\n');
    const run = await failing({Dockerfile, there: ''});
    expect(run.code).toBe(1);
    const told = [...run.stderr.matchAll(/^error\[\S+\]: "\/(\w+)": not found\n --> \S+Dockerfile:(\d)/gm)];
    expect(told.map(([, file, line]) => `${line} ${file}`)).toEqual(['4 one', '4 two', '6 three', '7 four']);
  });

  it('files that are missing are told without a wait for a context that comes from elsewhere', async () => {
    await using server = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const {port} = server.address() as AddressInfo;
    const lines = ['FROM busybox', 'COPY one /', 'COPY --from=elsewhere file /', 'COPY two /'];
    const run = await failing({Dockerfile: lines.join('\n')}, [
      '--build-context',
      `elsewhere=http://127.0.0.1:${port}/never.tar`,
    ]);
    const told = [...run.stderr.matchAll(/^error\[\S+\]: "\/(\w+)": not found/gm)];
    expect(
      told.map(([, file]) => file),
      run.stderr,
    ).toEqual(['one', 'two']);
    expect(run.stderr).not.toContain('did you mean .?');
  });

  it('a file that .dockerignore hides is missing, too', async () => {
    const run = await failing({Dockerfile: 'FROM busybox\nCOPY a /\n', a: '', '.dockerignore': 'a\n'});
    expectOneError(run, 1, /"?\/?a"?.*not found/i);
  });

  it('an unknown target is an error that suggests a stage', async () => {
    const run = await failing({Dockerfile: 'FROM busybox AS build\n'}, ['--target', 'biuld']);
    expectOneError(run, 1, /biuld/);
    expect(run.stderr).toMatch(/build/);
  });

  it('an empty Dockerfile is an error', async () => {
    expectOneError(
      await failing({Dockerfile: '# nothing\n'}),
      1,
      /no (?:build stage|FROM|instructions)|empty/i,
    );
  });

  it('a Dockerfile that is not there is an error', async () => {
    expectOneError(await failing({'a.txt': ''}), 1, /Dockerfile/);
  });
});

describe('a wrong command line', () => {
  it('an unknown flag ends with 2 and a suggestion', async () => {
    const run = await space.run(['build', '--taget', 'x', good]);
    expectOneError(run, 2, /--taget/);
    expect(run.stderr).toMatch(/--target/);
  });

  it('a context that does not exist is named', async () => {
    const run = await space.run(['build', join(space.folder, 'nowhere')]);
    expectOneError(run, run.code === 1 ? 1 : 2, /nowhere/);
  });

  it('an unknown output type ends with 2', async () => {
    expectOneError(await space.run(['build', '-o', 'type=zip,dest=x', good]), 2, /zip/);
  });
});

describe('a base image', () => {
  it('that does not exist is the Dockerfile’s mistake, with its place', async () => {
    const run = await failing({Dockerfile: `FROM ${space.registry?.address}/nosuchimage:1\nRUN true\n`});
    expectOneError(run, 1, /nosuchimage/);
    expect(run.stderr).toMatch(/Dockerfile:1/);
  });

  it('behind a registry that is down is the machine’s problem', async () => {
    const config = join(space.folder, 'down.toml');
    await writeFile(config, mirrorConfig(`127.0.0.1:${await unusedPort()}`));
    const files = {Dockerfile: 'FROM localhost:1/nothing\nRUN true\n'};
    expectOneError(
      await failing(files, [], {config}),
      3,
      /localhost:1.*(?:refused|reach|connect)|(?:refused|connect)/i,
    );
  });
});

describe('a step', () => {
  it('that fails tells its exit code and its last lines', async () => {
    const run = await failing({Dockerfile: 'FROM busybox\nRUN echo the last words && exit 7\n'}, [
      '--progress',
      'quiet',
    ]);
    expectOneError(run, 1, /exit code:? 7|exited with 7|exit status 7/i);
    expect(run.stderr).toMatch(/the last words/);
    expect(run.stderr).toMatch(/Dockerfile:2/);
  });

  it('that is killed by a signal tells which', async () => {
    const run = await failing({Dockerfile: 'FROM busybox\nRUN kill -9 $$\n'});
    expectOneError(run, 1, /SIGKILL|signal 9|exit code:? 137/i);
  });

  it('whose program does not exist tells so', async () => {
    const run = await failing({Dockerfile: 'FROM busybox\nRUN ["/bin/nothing-here"]\n'});
    expectOneError(run, 1, /nothing-here/);
  });

  it('cancels its siblings, which leave nothing', async () => {
    const run = await failing({
      Dockerfile: `FROM busybox AS a\nRUN : ${space.mark} && sleep 600\nFROM busybox AS b\nRUN sleep 0.3; exit 3\nFROM busybox\nCOPY --from=a / /a\nCOPY --from=b / /b\n`,
    });
    expectOneError(run, 1, /exit 3/);
  });
});

describe('the machine', () => {
  it('with a state directory that cannot be made ends with 3', async () => {
    const run = await space.run(['build', good], {root: '/proc/tsbuild-state'});
    expectOneError(run, 3, /\/proc\/tsbuild-state/);
  });

  it('with an output that cannot be made says so, and does not try for ever', async () => {
    const run = await space.run(['build', '-o', '/proc/tsbuild-output', good]);
    expectOneError(run, run.code === 1 ? 1 : 3, /\/proc\/tsbuild-output/);
  });

  it('with a state directory that is not writable ends with 3', async (test) => {
    const user = asOrdinaryUser(test);
    const root = join(space.folder, 'readonly-state');
    await mkdir(root, {mode: 0o755});
    const run = await space.run(['build', good], {root, ...user});
    if (process.getuid?.() !== 0) return;
    expectOneError(run, 3, /readonly-state/);
    await mkdir(join(root, 'history'), {mode: 0o700});
    // None would be another answer than none that may be seen.
    const history = await space.run(['history ls'], {root, ...user});
    expectOneError(history, 3, /history of builds in .*readonly-state.* cannot be read: permission denied/);
  });

  it('without user namespaces tells an ordinary user what is missing', async (test) => {
    const user = withoutUserNamespaces(test);
    const root = join(space.folder, `no-userns-${space.mark}`);
    await mkdir(root);
    await user.own(root);
    expectOneError(await space.run(['build', good], {root, ...user}), 3, /user namespaces?/i);
  });
});

function unusedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 1));
    });
  });
}
