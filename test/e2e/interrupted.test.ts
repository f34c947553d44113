// Ctrl-C and worse: during a step, during a pull, twice; kill -9 of the command and of its helper. Afterwards nothing
// runs, nothing is mounted, what was finished is still cached, and the next build works.

import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {readFile, writeFile} from 'node:fs/promises';
import {createServer, type Server} from 'node:http';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it, vi} from 'vitest';
import {mirrorConfig} from '../../fixtures/base-images.mjs';
import {namesOf, type Running, type Workspace, workspaceWithBases} from './command.ts';
import {stallingRegistry} from './stalling-registry.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** A build whose second step takes for ever, seen running. */
async function sleepingBuild(name: string): Promise<{running: Running; context: string}> {
  const context = await space.context({
    Dockerfile: `FROM busybox\nRUN echo finished ${name} > /first\nRUN echo sleeping now; : ${space.mark}; sleep 600\n`,
  });
  const running = space.start(['build', '--progress', 'plain', context]);
  await running.until(/^#\d+ (?:\d+\.\d+ )?sleeping now/m);
  return {running, context};
}

/** The first step of a `sleepingBuild` is still cached. */
async function expectFirstStepKept(name: string): Promise<void> {
  const context = await space.context({
    Dockerfile: `FROM busybox\nRUN echo finished ${name} > /first\nRUN echo after\n`,
  });
  const {steps} = await space.build([context]);
  expect(namesOf(steps, 'cached').some((step) => step.includes(`finished ${name}`))).toBe(true);
}

function kill(running: Running, signal: NodeJS.Signals): void {
  // The whole group, as a terminal does it.
  if (running.child.pid !== undefined) process.kill(-running.child.pid, signal);
}

describe('Ctrl-C', () => {
  it('during a step ends it, with 130', async () => {
    const {running} = await sleepingBuild('interrupted');
    kill(running, 'SIGINT');
    const run = await running.done;
    expect(run.code, run.stderr).toBe(130);
    expect(await space.leftovers()).toEqual([]);
    await expectFirstStepKept('interrupted');
  });

  it('sent to the command alone does the same', async () => {
    const {running} = await sleepingBuild('alone');
    running.child.kill('SIGINT');
    expect((await running.done).code).toBe(130);
    expect(await space.leftovers()).toEqual([]);
  });

  it('twice leaves at once', async () => {
    const {running} = await sleepingBuild('twice');
    kill(running, 'SIGINT');
    kill(running, 'SIGINT');
    expect((await running.done).code).toBe(130);
    expect(await space.leftovers()).toEqual([]);
    await expectFirstStepKept('twice');
  });

  it('ends a step whose output nobody reads any more', async () => {
    const context = await space.context({
      Dockerfile: `FROM busybox\nRUN trap '' TERM; echo begun; : ${space.mark}; while :; do yes | head -c 9000000; done\n`,
    });
    const running = space.start(['build', '--progress', 'plain', context]);
    await running.until(/^#\d+ \d+\.\d+ begun$/m);
    const ended = new Promise((resolve) => running.child.once('exit', resolve));
    running.child.stderr?.pause();
    running.child.kill('SIGINT');
    expect(await ended).toBe(130);
    running.child.stderr?.resume();
    await running.done;
    expect(await space.leftovers()).toEqual([]);
  });

  it('twice does not wait for a step whose output nobody reads, either', async () => {
    const context = await space.context({
      Dockerfile: `FROM busybox\nRUN trap '' TERM; echo begun; : ${space.mark}; while :; do yes | head -c 9000000; done\n`,
    });
    const running = space.start(['build', '--progress', 'plain', context]);
    await running.until(/^#\d+ \d+\.\d+ begun$/m);
    running.child.stderr?.pause();
    const ended = new Promise((resolve) => running.child.once('exit', resolve));
    const startMs = Date.now();
    // Two of one kind may arrive as one.
    running.child.kill('SIGINT');
    running.child.kill('SIGTERM');
    expect(await ended).toBe(130);
    expect(Date.now() - startMs, 'within the time that a step has').toBeLessThan(9_000);
    running.child.stderr?.resume();
    await running.done;
    expect(await space.leftovers()).toEqual([]);
  });

  it('ends a command that has done everything but told it', async () => {
    const context = await space.context({
      Dockerfile: "FROM busybox\nRUN head -c 900000 /dev/zero | tr '\\0' x # not read\n",
    });
    const id = join(context, 'id');
    const running = space.start(['build', '--progress', 'plain', '--iidfile', id, context]);
    running.child.stderr?.pause();
    await vi.waitFor(() => expect(readFileSync(id, 'utf8')).toMatch(/^sha256:/), {timeout: 60_000});
    const ended = new Promise((resolve) => running.child.once('exit', resolve));
    running.child.kill('SIGINT');
    expect(await ended).toBe(130);
    running.child.stderr?.resume();
    await running.done;
  });

  it('SIGTERM is the same as Ctrl-C', async () => {
    const {running} = await sleepingBuild('terminated');
    running.child.kill('SIGTERM');
    expect((await running.done).code).toBe(130);
    expect(await space.leftovers()).toEqual([]);
  });
});

describe('a pipe that nobody uses', () => {
  it.each([
    ['a secret', '--secret', (pipe: string) => `id=x,src=${pipe}`],
    ['a Dockerfile', '--file', (pipe: string) => pipe],
    ['a key', '--ssh', (pipe: string) => `default=${pipe}`],
  ])('as %s is told of, and Ctrl-C ends the waiting', async (_, flag, given) => {
    const context = await space.context({
      Dockerfile: 'FROM busybox\nRUN --mount=type=secret,id=x --mount=type=ssh true\n',
    });
    const pipe = join(context, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const running = space.start(['build', '--progress', 'plain', flag, given(pipe), context]);
    await running.until(/\[internal\] wait for .*pipe\n#\d+ a pipe that nobody writes into, yet/);
    running.child.kill('SIGINT');
    const {code, stderr} = await running.done;
    expect(code, stderr).toBe(130);
    expect(stderr).not.toContain('error');
  });

  it('for an archive ends with Ctrl-C', async () => {
    const context = await space.context({Dockerfile: 'FROM scratch\nLABEL a=b\n'});
    const pipe = join(context, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const args = ['build', '--progress', 'plain', '-o', `type=oci,dest=${pipe}`, context];
    const running = space.start(args);
    await running.until(/exporting manifest sha256/);
    running.child.kill('SIGINT');
    expect((await running.done).code).toBe(130);
  });

  it('until now is used when somebody comes', async () => {
    const context = await space.context({
      Dockerfile: 'FROM busybox\nRUN --mount=type=secret,id=x wc -c < /run/secrets/x\n',
    });
    const [secret, id] = [join(context, 'secret'), join(context, 'id')];
    expect(spawnSync('mkfifo', [secret, id]).status).toBe(0);
    const args = ['build', '--progress', 'plain', '--secret', `id=x,src=${secret}`, '--iidfile', id, context];
    const running = space.start(args);
    await running.until(/nobody writes into, yet/);
    await writeFile(secret, '1234567');
    expect(await readFile(id, 'utf8')).toMatch(/^sha256:[0-9a-f]{64}$/);
    const {code, stderr} = await running.done;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^#\d+ \d+\.\d+ 7$/m);
  });

  it('is none where a shell stands behind it', async () => {
    const context = await space.context({
      Dockerfile: 'FROM busybox\nRUN --mount=type=secret,id=x wc -c < /run/secrets/x # substituted\n',
    });
    const script = 'exec "$@" --secret id=x,src=<(printf 12345) --progress plain .';
    const wrapper = ['bash', '-c', script, 'bash'];
    const {code, stderr} = await space.run(['build'], {wrapper, cwd: context});
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^#\d+ \d+\.\d+ 5$/m);
    expect(stderr).not.toContain('nobody');
  });
});

describe('Ctrl-C during a pull', () => {
  let stalling: {server: Server; address: string; stalled: Promise<void>};
  beforeAll(async () => {
    stalling = await stallingRegistry(createServer());
  });
  afterAll(() => {
    stalling.server.closeAllConnections();
    stalling.server.close();
  });

  it('ends with 130, and the next build works', async () => {
    const config = join(space.folder, 'stalling.toml');
    await writeFile(config, mirrorConfig(stalling.address));
    const context = await space.context({Dockerfile: 'FROM stalls\nRUN true\n'});
    const running = space.start(['build', '--progress', 'plain', context], {config});
    await stalling.stalled;
    kill(running, 'SIGINT');
    const run = await running.done;
    expect(run.code, run.stderr).toBe(130);
    expect(await space.leftovers()).toEqual([]);
    await space.build([await space.context({Dockerfile: 'FROM busybox\nRUN echo next\n'})]);
  });
});

describe('kill -9', () => {
  it('of the command takes its steps with it', async () => {
    const {running, context} = await sleepingBuild('killed');
    running.child.kill('SIGKILL');
    expect((await running.done).signal).toBe('SIGKILL');
    expect(await space.leftovers()).toEqual([]);
    await expectFirstStepKept('killed');
    const again = space.start(['build', '--progress', 'plain', context]);
    await again.until(/sleeping now/);
    kill(again, 'SIGINT');
    await again.done;
  });

  it('of the helper is an error, not a hang', async () => {
    const {running} = await sleepingBuild('helper');
    const helper = childrenOf(running.child.pid ?? 0).find((child) => child.command.includes('helper'));
    expect(helper).toBeDefined();
    if (helper !== undefined) process.kill(helper.pid, 'SIGKILL');
    const run = await running.done;
    expect(run.code, run.stderr).toBe(3);
    expect(run.stderr).toMatch(/helper/);
    expect(await space.leftovers()).toEqual([]);
    await expectFirstStepKept('helper');
  });

  it('at random moments never leaves a state that cannot be built on', async () => {
    const context = await space.context({
      Dockerfile: `FROM busybox\n${Array.from({length: 12}, (_, n) => `RUN echo ${n} > /f${n}; mkdir -p /d${n}/e\n`).join('')}`,
    });
    const root = join(space.folder, 'random-kills');
    for (let delayMs = 100; delayMs <= 700; delayMs += 100) {
      const running = space.start(['build', context], {root});
      const timer = setTimeout(() => running.child.kill('SIGKILL'), delayMs);
      await running.done;
      clearTimeout(timer);
    }
    const dest = join(space.folder, 'after-kills');
    await space.build(['-o', dest, context], {root});
    const fresh = join(space.folder, 'without-kills');
    await space.build(['-o', fresh, context], {root: join(space.folder, 'fresh-state')});
    expect(spawnSync('diff', ['-r', '--no-dereference', dest, fresh], {encoding: 'utf8'}).stdout).toBe('');
    expect(await space.leftovers()).toEqual([]);
  });
});

/** Direct children of a process, from /proc: ps(1) is not on every machine. */
function childrenOf(parent: number): {pid: number; command: string}[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const ppid = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return Number(ppid) === parent ? [{pid: Number(name), command}] : [];
      } catch {
        return [];
      }
    });
}
