// What a process of `run` has as its standard streams when the helper works in the foreground: pipes as they are,
// nothing else of the caller's, a terminal of its own when it shall have one.

import {spawn} from 'node:child_process';
import {closeSync, openSync, readFileSync, statSync} from 'node:fs';
import {afterAll, describe, expect, it} from 'vitest';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {needCommand} from '../e2e/requirements.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';
import {onTerminal} from '../support/terminal.ts';

describe.skipIf(whyNotHere() !== undefined)('standard streams in the foreground', () => {
  const world = new SandboxWorld();
  afterAll(() => world.close());

  const helper = locateHelper(process.env);
  const argumentsFor = (script: string, more: readonly string[]): string[] => [
    'run',
    ...world.newLayer().view,
    'network=none',
    'env=PATH=/bin',
    ...more,
    'arg=/bin/sh',
    'arg=-c',
    `arg=${script}`,
  ];

  /** Ends when the helper has; stdout is what came through a pipe. */
  const run = (
    script: string,
    more: readonly string[],
    stdio: [number | 'pipe' | 'ignore', number | 'pipe', number | 'pipe'],
    input?: Uint8Array,
  ): Promise<{code: number | null; stdout: Buffer}> =>
    new Promise((resolve, reject) => {
      const child = spawn(helper, argumentsFor(script, more), {stdio});
      const chunks: Buffer[] = [];
      child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
      child.once('error', reject);
      child.once('close', (code) => resolve({code, stdout: Buffer.concat(chunks)}));
    });

  it('every byte goes in and out', async () => {
    const bytes = Buffer.from(Array.from({length: 300_000}, (_, index) => (index * 7 + (index >> 8)) % 256));
    const {stdout} = await run('cat', ['stdin=1'], ['pipe', 'pipe', 'pipe'], bytes);
    expect(stdout.equals(bytes)).toBe(true);
  });

  it('without stdin=1 there is nothing to read', async () => {
    const {stdout} = await run('cat; echo end', [], ['pipe', 'pipe', 'pipe'], Buffer.from('not for you'));
    expect(stdout.toString()).toBe('end\n');
  });

  it('a file of the caller stays outside: it is read and written for the process', async () => {
    const secret = world.write('input.txt', 'from a file\n');
    const out = world.path('output.txt');
    const [input, output] = [openSync(secret, 'r'), openSync(out, 'w', 0o600)];
    const {code} = await run(
      'cat; echo more > /proc/self/fd/0; chmod 4755 /proc/self/fd/1; chmod 4755 /proc/self/fd/0; exit 0',
      ['stdin=1'],
      [input, output, 'pipe'],
    );
    for (const fd of [input, output]) closeSync(fd);
    expect(code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe('from a file\n');
    expect([readFileSync(secret, 'utf8'), statSync(out).mode & 0o7777]).toEqual(['from a file\n', 0o600]);
  });

  it('a process that is not read from loses nothing while it is written to', async () => {
    const path = world.write('large.txt', 'x'.repeat(1_000_000));
    const input = openSync(path, 'r');
    const {stdout} = await run(
      'dd if=/dev/zero bs=65536 count=32 2>/dev/null; wc -c',
      ['stdin=1'],
      [input, 'pipe', 'pipe'],
    );
    closeSync(input);
    expect(stdout.length).toBe(32 * 65536 + '1000000\n'.length);
    expect(stdout.subarray(32 * 65536).toString()).toBe('1000000\n');
  });

  it('of a terminal the process has pipes, and cannot touch its modes', async (test) => {
    needCommand(test, 'python3');
    const script = 'cat; busybox stty raw <&1 || echo refused; [ -t 1 ] || echo no terminal';
    const {screen, restored} = await onTerminal(
      [helper, ...argumentsFor(`echo ready; ${script}`, ['stdin=1'])],
      [
        {await: 'ready', type: 'a line\n'},
        {await: 'a line', type: '\x04'},
      ],
    );
    expect(screen).toMatch(/a line\r\n.*a line\r\n/s);
    expect(screen).toContain('refused\r\nno terminal');
    expect(restored).toBe(true);
  });

  it('tty=1 gives it a terminal of its own: size, job control, /dev/console', async (test) => {
    needCommand(test, 'python3');
    const script = [
      'busybox tty',
      'busybox stty size',
      "trap 'busybox stty size; echo resized; touch /resized' WINCH",
      'echo waiting > /dev/console',
      'while [ ! -e /resized ]; do sleep 0.1; done',
      'read line; echo got $line',
      'cat',
    ].join('; ');
    const {screen, code, restored} = await onTerminal(
      [helper, ...argumentsFor(script, ['stdin=1', 'tty=1'])],
      [
        {await: 'waiting', resize: {rows: 40, columns: 100}},
        {await: 'resized', type: 'words\n'},
        {await: 'got words', type: '\x03'},
      ],
    );
    expect(screen).toContain('/dev/pts/0\r\n24 80\r\n');
    expect(screen).toContain('40 100\r\n');
    expect(screen).toContain('got words');
    expect(screen).toContain('result: signal=2');
    expect([code, restored]).toEqual([1, true]);
  });

  it('keeps its terminal when it leaves its streams for a while', async (test) => {
    needCommand(test, 'python3');
    const script = 'exec </dev/null >/dev/null 2>&1; sleep 1; echo back again > /dev/tty';
    const {screen} = await onTerminal([helper, ...argumentsFor(script, ['stdin=1', 'tty=1'])], []);
    expect(screen).toContain('back again\r\n');
  });

  it('signals=main spares the other processes', async () => {
    // The child goes once main has heard it, and, where all hear it, has heard it itself.
    const script = (signals: string): string =>
      [
        `(trap 'echo child; touch /child' TERM; echo ready; while [ ! -e /main ]; do sleep 0.1; done;`,
        `while [ ${signals} = all ] && [ ! -e /child ]; do sleep 0.1; done) &`,
        `trap 'echo main; touch /main' TERM; echo ready; wait; wait`,
      ].join(' ');
    const args = (signals: string): string[] => [
      ...world.newLayer().view,
      'network=none',
      `signals=${signals}`,
      'arg=/bin/sh',
      'arg=-c',
      `arg=${script(signals)}`,
    ];
    const heard = async (signals: string): Promise<string> => {
      let text = '';
      let send: (number: number) => void = () => {};
      await world.helper.request('run', args(signals), {
        onStart: (signal) => {
          send = signal;
        },
        onStdout: (bytes) => {
          text += Buffer.from(bytes).toString();
          if (text === 'ready\nready\n') send(15);
        },
      });
      return text;
    };
    expect(await heard('main')).toBe('ready\nready\nmain\n');
    expect(await heard('all')).toContain('child');
  });

  it('readonly=1 is the root, not what is mounted below it', async () => {
    const {stdout} = await world.shell(
      'touch /file 2>/dev/null || echo refused; touch /dev/shm/file /data/file && echo written',
      ['readonly=1', 'mount=tmpfs', 'target=/data'],
    );
    expect(stdout).toBe('refused\nwritten\n');
  });
});
