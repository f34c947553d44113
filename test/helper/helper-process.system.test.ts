// The helper as a process: cancelling, dying, and what is left of its sandboxes then.

import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {HelperProcess} from '../../src/helper/helper-process.ts';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {endOf} from '../../src/helper/spawned-helper.ts';
import {needCommand} from '../e2e/requirements.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';
import {until} from '../support/until.ts';

/** Pids of processes that have `word` in their command line. */
function processesWith(word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word);
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe.skipIf(whyNotHere() !== undefined)('the helper process', () => {
  const world = new SandboxWorld();
  afterAll(() => world.close());

  /** A run that is known to have begun; `word` marks its processes. */
  async function begin(helper: HelperProcess, script: string, signal?: AbortSignal) {
    let begun = (): void => {};
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const output: string[] = [];
    const run = helper.request(
      'run',
      [...world.newLayer().view, 'network=none', 'arg=/bin/sh', 'arg=-c', `arg=${script}`],
      {
        onStdout: (bytes) => {
          output.push(Buffer.from(bytes).toString());
          begun();
        },
        ...(signal === undefined ? {} : {signal}),
      },
    );
    run.catch(begun);
    await beginning;
    return {run, output};
  }

  it('runs requests side by side', async () => {
    const scripts = Array.from({length: 12}, (_, index) =>
      world.shell(`sleep 0.1; echo ${index}; exit ${index}`),
    );
    const outcomes = await Promise.all(scripts);
    expect(outcomes.map(({result, stdout}) => `${stdout.trim()} ${result.get('exit')}`)).toEqual(
      outcomes.map((_, index) => `${index} ${index}`),
    );
  });

  it('an abort gives every process of the sandbox SIGTERM and time to act on it', async () => {
    const abort = new AbortController();
    const script = 'trap "echo bye; exit 0" TERM; echo begun; while true; do sleep 0.02; done';
    const {run, output} = await begin(world.helper, script, abort.signal);
    abort.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect(output.join('')).toBe('begun\nbye\n');
  });

  it('an abort does so, too, when the worker has not told yet that the process has begun', async (test) => {
    needCommand(test, 'strace');
    // Every pidfd_open takes a while, and so does the worker's between the beginning of the process and its word of it.
    const slowly = `strace -f -o /dev/null -e trace=pidfd_open -e inject=pidfd_open:delay_enter=200000`;
    const path = world.write('slow-helper', `#!/bin/sh\nexec ${slowly} ${locateHelper(process.env)} "$@"\n`);
    chmodSync(path, 0o755);
    const helper = new HelperProcess({path});
    const abort = new AbortController();
    const script = 'trap "echo bye; exit 0" TERM; echo begun; while true; do sleep 0.02; done';
    const {run, output} = await begin(helper, script, abort.signal);
    abort.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect(output.join('')).toBe('begun\nbye\n');
    await helper.close();
  });

  it('an aborted request fails, and still tells what it used', async () => {
    const abort = new AbortController();
    const told: (string | undefined)[] = [];
    const script = 'arg=echo begun; exec sleep 600';
    const args = [...world.newLayer().view, 'network=none', 'arg=/bin/sh', 'arg=-c', script];
    const run = world.helper.request('run', args, {
      signal: abort.signal,
      onStdout: () => abort.abort(new Error('enough')),
      onCancelled: (fields) => told.push(fields.get('signal'), fields.get('wall')),
    });
    await expect(run).rejects.toThrow('enough');
    expect(told).toEqual(['15', expect.stringMatching(/^\d+\.\d{6}$/)]);
  });

  it('what ignores SIGTERM is killed, with its grandchildren, before the request ends', async () => {
    const helper = world.startHelper({graceMs: 100});
    const abort = new AbortController();
    const word = `stubborn-${process.pid}`;
    const script = `trap "" TERM; (trap "" TERM; sh -c "trap '' TERM; sleep 1000 # ${word}" & wait) & echo begun; wait; sleep 1000`;
    const {run} = await begin(helper, script, abort.signal);
    await until(() => processesWith(word).length > 0);
    abort.abort();
    await expect(run).rejects.toMatchObject({name: 'AbortError'});
    expect(processesWith(word)).toEqual([]);
  });

  it('an aborted request that has not begun is not sent', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(world.helper.request('run', ['arg=true'], {signal})).rejects.toThrow('too late');
  });

  it('leaves no process and no mount when it is killed', async () => {
    const helper = spawn(locateHelper(process.env), ['serve'], {stdio: ['pipe', 'pipe', 'inherit']});
    const word = `orphan-${process.pid}`;
    const layer = world.newLayer();
    const args = [
      'run',
      ...layer.view,
      'network=none',
      'arg=/bin/sh',
      'arg=-c',
      `arg=sleep 1000 & sleep 1000; : ${word}`,
    ];
    const payload = Buffer.from(args.map((arg) => `${arg}\0`).join(''));
    const header = Buffer.alloc(12);
    header.writeUInt32LE(payload.length, 0);
    header.writeUInt32LE(1, 4);
    header.writeUInt32LE(1, 8);
    helper.stdin.write(Buffer.concat([header, payload]));
    await until(() => processesWith(word).length > 0);
    helper.kill('SIGKILL');
    await once(helper, 'close');
    await until(() => processesWith(word).length === 0);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(world.directory);
    // Not even busy: the directories can be taken away.
    execFileSync('rm', ['-rf', join(layer.upper, '..')]);
    expect(existsSync(layer.upper)).toBe(false);
  });

  it('ends its sandboxes when its client goes away', async () => {
    const helper = world.startHelper();
    const word = `deserted-${process.pid}`;
    const {run} = await begin(helper, `echo begun; sleep 1000; : ${word}`);
    const ended = expect(run).rejects.toMatchObject({kind: 'environment'});
    await helper.close();
    await ended;
    expect(processesWith(word)).toEqual([]);
  });

  it('mounts nothing where the host could see it', async () => {
    const {run} = await begin(world.helper, 'echo begun; sleep 0.2');
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(world.directory);
    await run;
  });

  it('says what it did not understand, and goes on', async () => {
    const failing = world.helper.request('run', ['upper=/nowhere', 'arg=true', 'colour=red']);
    await expect(failing).rejects.toMatchObject({
      phase: 'request',
      message: 'run: unexpected argument colour=red',
    });
    await expect(world.helper.request('scan', ['nonsense'])).rejects.toMatchObject({phase: 'request'});
    expect((await world.shell('true')).result.get('exit')).toBe('0');
  });

  it('an argument cannot smuggle in another one behind a NUL', async () => {
    const smuggled = world.shell('true\0mount=bind\0target=/host\0dir=/');
    await expect(smuggled).rejects.toMatchObject({kind: 'user'});
  });

  it('tells what it can do', async () => {
    const fields = await world.helper.request('probe', [`dir=${world.directory}`]);
    expect(Object.fromEntries(fields)).toEqual({
      format: '1',
      userns: 'root',
      overlay: '1',
      overlayerrno: '0',
      overlayapi: expect.stringMatching(/^(fsopen|mount)$/),
      compress: expect.stringMatching(/^none(,gzip,estargz)?(,zstd)?$/),
    });
  });

  it('a program that is no helper is an environment error with its last words', async () => {
    const program = world.write('no-helper', '#!/bin/sh\necho not today >&2\nexit 3\n');
    execFileSync('chmod', ['755', program]);
    const helper = new HelperProcess({path: program});
    await expect(helper.request('sync', ['dir=/'])).rejects.toMatchObject({
      kind: 'environment',
      diagnostics: [{message: expect.stringContaining('exit 3'), notes: ['not today']}],
    });
    const missing = new HelperProcess({path: world.path('missing')});
    await expect(missing.request('sync', ['dir=/'])).rejects.toMatchObject({kind: 'environment'});
    await Promise.all([helper.close(), missing.close()]);
  });

  it('without descriptors for another request refuses that one, and goes on', async () => {
    const limited = new HelperProcess({path: locateHelper(process.env)}, (path) => {
      const child = spawn('prlimit', ['--nofile=60', path, 'serve'], {stdio: 'pipe'});
      return {requests: child.stdin, answers: child.stdout, end: endOf(child, path)};
    });
    const abort = new AbortController();
    const ends: Promise<unknown>[] = [];
    for (let round = 0; round < 12; round++) {
      const {run} = await begin(limited, 'echo begun; sleep 60', abort.signal);
      ends.push(run.catch((error: unknown) => error));
    }
    const enough = new Error('enough');
    abort.abort(enough);
    const others = (await Promise.all(ends)).filter((end) => end !== enough);
    expect(others.length).toBeGreaterThan(0);
    expect(others.length).toBeLessThan(ends.length);
    for (const refused of others) expect(refused).toMatchObject({phase: 'helper', errno: 24});
    const {run} = await begin(limited, 'echo again');
    expect((await run).get('exit')).toBe('0');
    await limited.close();
  });

  it('does one request from the command line as well', () => {
    const layer = world.newLayer();
    const file = world.path('arguments');
    writeFileSync(
      file,
      [...layer.view, 'network=none', 'arg=/bin/sh', 'arg=-c', 'arg=echo out; exit 3']
        .map((arg) => `${arg}\0`)
        .join(''),
    );
    try {
      execFileSync(locateHelper(process.env), ['run', `@${file}`], {stdio: 'pipe'});
      expect.unreachable();
    } catch (error) {
      const {status, stdout, stderr} = error as {status: number; stdout: Buffer; stderr: Buffer};
      expect([status, stdout.toString()]).toEqual([1, 'out\n']);
      expect(stderr.toString()).toMatch(
        /^result: exit=3\nresult: userns=\w+\nresult: wall=\d+\.\d+\nresult: maxrss=\d+\n/,
      );
    }
  });
});
