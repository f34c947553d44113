// `tsbuild run`: an image's process with the caller's streams, terminal and signals; its exit code is the command's.

import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {onTerminal} from '../support/terminal.ts';
import {until} from '../support/until.ts';
import {tsbuildPath, type Workspace, workspaceWithBases} from './command.ts';
import {needCommand} from './requirements.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

const script = (text: string): string[] => ['busybox', 'sh', '-c', text];

function workLeft(): string[] {
  return readdirSync(join(space.root, 'work'));
}

describe('the exit code', () => {
  it('is that of the process, or 128 and the signal that ended it', async () => {
    const seven = await space.run(['run', ...script('echo out; echo err >&2; exit 7')]);
    expect([seven.code, seven.stdout.toString()]).toEqual([7, 'out\n']);
    expect(seven.stderr).toContain('err\n');
    expect((await space.run(['run', ...script('kill -9 $$')])).code).toBe(137);
  });

  it('tells what kept the process from beginning', async () => {
    const codes: (number | null)[] = [];
    for (const args of [
      ['busybox', 'nosuch'],
      ['busybox', '/etc/passwd'],
      ['--nosuch', 'busybox'],
      ['-u', 'nobody-here', 'busybox'],
    ])
      codes.push((await space.run(['run', ...args])).code);
    expect(codes).toEqual([127, 126, 125, 125]);
    const detached = await space.run(['run', '-d', 'busybox']);
    expect(detached.code).toBe(125);
    expect(detached.stderr).toContain('--detach makes no sense here');
    const absent = await space.run(['run', '--pull', 'never', 'busybox:not-fetched']);
    expect([absent.code, absent.stderr]).toEqual([125, expect.stringContaining('--pull=never forbids')]);
    const file = await space.run(['run', tsbuildPath]);
    expect([file.code, file.stderr]).toEqual([
      125,
      expect.stringContaining(`tsbuild load -i ${tsbuildPath}`),
    ]);
  });
});

describe('an image that was built here', () => {
  it('runs by name and by ID, as its config says', async () => {
    const context = await space.context({
      Dockerfile: [
        'FROM busybox',
        "RUN echo 'app:x:1000:1000::/home/app:/bin/sh' >> /etc/passwd && mkdir /data && echo kept > /data/file",
        'ENV GREETING=hello NAME=world',
        'WORKDIR /srv',
        'VOLUME /data /fresh',
        'USER app',
        'ENTRYPOINT ["/bin/sh", "-c"]',
        'CMD ["echo $GREETING $NAME; id -un; pwd; cat /data/file; ls -d /fresh"]',
      ].join('\n'),
    });
    const {stdout: id} = await space.run(['build', '-q', '-t', 'configured', context]);
    const expected = 'hello world\napp\n/srv\nkept\n/fresh\n';
    expect((await space.run(['run', 'configured'])).stdout.toString()).toBe(expected);
    expect((await space.run(['run', '--rm', id.toString().trim()])).stdout.toString()).toBe(expected);
    const changed = await space.run(
      ['run', '-e', 'NAME=you', '-e', 'GREETING', '-u', 'root', '-w', '/tmp', 'configured'],
      {env: {GREETING: 'bonjour'}},
    );
    expect(changed.stdout.toString()).toBe('bonjour you\nroot\n/tmp\nkept\n/fresh\n');
    const other = await space.run(['run', '--entrypoint', 'echo', 'configured', '-n', '--rm']);
    expect(other.stdout.toString()).toBe('--rm');
    const readonly = 'echo new > /data/file && cat /data/file; touch /srv/x || echo refused';
    const run = await space.run(['run', '--read-only', '-u', '0', 'configured', readonly]);
    expect(run.stdout.toString()).toBe('new\nrefused\n');
  });

  it('keeps nothing of a run', async () => {
    await space.run(['run', ...script('echo x > /left')]);
    const again = await space.run(['run', ...script('ls /left')]);
    expect(again.code).toBe(1);
    expect(workLeft()).toEqual([]);
    expect(await space.leftovers()).toEqual([]);
  });
});

describe('streams', () => {
  it('carry every byte', async () => {
    const bytes = Buffer.from(Array.from({length: 700_000}, (_, index) => (index * 31 + (index >> 9)) % 256));
    const {stdout} = await space.run(['run', '-i', 'busybox', 'cat'], {input: bytes});
    expect(stdout.equals(bytes)).toBe(true);
    const without = await space.run(['run', 'busybox', 'cat'], {input: bytes});
    expect([without.code, without.stdout.length]).toEqual([0, 0]);
  });

  it('mounts are the host’s', async () => {
    const shared = await space.context({'a.txt': 'from outside\n'});
    const run = await space.run([
      'run',
      '-v',
      `${shared}:/shared`,
      '--mount',
      `type=bind,src=${join(shared, 'a.txt')},dst=/a.txt,readonly`,
      '--tmpfs',
      '/mem:size=1m',
      ...script(
        'cat /a.txt /shared/a.txt; echo x > /a.txt || echo refused; echo made > /shared/b; df -m /mem | tail -1',
      ),
    ]);
    expect(run.stdout.toString()).toMatch(/^from outside\nfrom outside\nrefused\ntmpfs +1 /);
    expect(readFileSync(join(shared, 'b'), 'utf8')).toBe('made\n');
  });
});

describe('--tmpfs', () => {
  const attempts = 'cp /bin/busybox /t; /t/busybox echo ran; stat -c %a /t; grep " /t " /proc/mounts';
  const lines = async (option: string): Promise<readonly string[]> => {
    const run = await space.run(['run', '--tmpfs', `/t${option}`, ...script(attempts)]);
    return run.stdout.toString().trim().split('\n');
  };

  it('is what docker makes of it, without options', async () => {
    const [mode, mount] = await lines('');
    expect(mode).toBe('1777');
    expect(mount).toMatch(/ rw,nosuid,nodev,noexec,/);
  });

  it('takes options', async () => {
    const [ran, mode, mount] = await lines(':exec,mode=750,size=4m');
    expect([ran, mode]).toEqual(['ran', '750']);
    expect(mount).toMatch(/ rw,nosuid,nodev,relatime,size=4096k,mode=750/);
    expect((await lines(':ro,suid')).at(-1)).toMatch(/ ro,nodev,noexec,/);
  });
});

describe('signals', () => {
  it('are passed on; SIGTERM as the stop signal of the image', async () => {
    const context = await space.context({Dockerfile: 'FROM busybox\nSTOPSIGNAL SIGUSR1\n'});
    await space.build(['-t', 'stops', context]);
    const trap =
      "trap 'echo stopped; exit 5' USR1; trap 'echo interrupted; exit 6' INT; echo on >&2; while :; do sleep 0.1; done";
    for (const [signal, code, text] of [
      ['SIGTERM', 5, 'stopped\n'],
      ['SIGINT', 6, 'interrupted\n'],
    ] as const) {
      const running = space.start(['run', 'stops', 'sh', '-c', trap]);
      await running.until(/^on$/m);
      running.child.kill(signal);
      const run = await running.done;
      expect([run.code, run.stdout.toString()]).toEqual([code, text]);
    }
  });

  it('end a run whose process has not begun yet', async () => {
    const running = space.start(['run', ...script('sleep 600')]);
    const {pid} = running.child;
    // Its helper is there, and it is about to begin.
    await until(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') !== '');
    running.child.kill('SIGINT');
    expect((await running.done).code).toBe(130);
  });

  it('the third one kills', async () => {
    const running = space.start(['run', ...script("trap '' INT; echo on >&2; while :; do sleep 0.1; done")]);
    await running.until(/^on$/m);
    // The kernel makes one of two that come before the first is taken.
    let sent = 0;
    for (; running.child.exitCode === null && sent < 100; sent++) {
      running.child.kill('SIGINT');
      await sleep(100);
    }
    expect((await running.done).code).toBe(137);
    expect(sent).toBeGreaterThanOrEqual(3);
  });

  it('kill -9 leaves nothing that the next run does not sweep', async () => {
    const running = space.start(['run', ...script(`: ${space.mark}; echo on >&2; sleep 600`)]);
    await running.until(/^on$/m);
    running.child.kill('SIGKILL');
    await running.done;
    expect(await space.leftovers()).toEqual([]);
    await space.run(['run', 'busybox', 'true']);
    expect(workLeft()).toEqual([]);
  });
});

describe('on a terminal', () => {
  const command = (...args: string[]): string[] => [
    tsbuildPath,
    'run',
    '--root',
    space.root,
    '--config',
    join(space.folder, 'tsbuild.toml'),
    ...args,
  ];

  it('-it is a shell as one knows it', async (test) => {
    needCommand(test, 'python3');
    const run = await onTerminal(command('-it', '-e', 'PS1=ready> ', 'busybox', 'sh'), [
      {await: 'ready> ', type: 'stty size\r'},
      {await: '24 80', resize: {rows: 33, columns: 101}},
      {await: 'ready> ', type: 'stty size; sleep 100\r'},
      {await: '33 101', type: '\x03'},
      {await: 'ready> ', type: 'tty; echo $TERM; exit 9\r'},
    ]);
    expect(run.screen).toContain('/dev/pts/0\r\nxterm\r\n');
    expect([run.code, run.restored]).toEqual([9, true]);
  });

  it.for([
    ['SIGTERM', 15, 143],
    ['SIGHUP', 1, 129],
    ['SIGKILL', 9, 137],
  ] as const)('the terminal is restored after %s', async ([, kill, code], test) => {
    needCommand(test, 'python3');
    const run = await onTerminal(command('-it', ...script('echo on; exec sleep 600')), [{await: 'on', kill}]);
    expect([run.code, run.restored]).toEqual([code, true]);
    expect(await space.leftovers()).toEqual([]);
  });

  it('without -t the process has no hold on it', async (test) => {
    needCommand(test, 'python3');
    const run = await onTerminal(command('-i', ...script('[ -t 0 ] || [ -t 1 ] || echo pipes; cat')), [
      {await: 'pipes', type: 'line\r\x04'},
    ]);
    expect(run.screen).toMatch(/pipes\r\nline\r\nline\r\n/);
    expect([run.code, run.restored]).toEqual([0, true]);
  });

  it('-t and -i with a pipe is refused', async () => {
    const run = await space.run(['run', '-it', 'busybox', 'sh'], {input: 'echo\n'});
    expect([run.code, run.stderr]).toEqual([125, expect.stringContaining('needs a terminal')]);
  });

  it('variables come from a file', async () => {
    const file = join(space.folder, 'env.list');
    writeFileSync(file, '# comment\nPLAIN=a b\nFROM_HERE\nQUOTED="x"\n');
    const run = await space.run(['run', '--env-file', file, ...script('echo "$PLAIN|$FROM_HERE|$QUOTED"')], {
      env: {FROM_HERE: 'here'},
    });
    expect(run.stdout.toString()).toBe('a b|here|"x"\n');
    const absent = await space.run(['run', '--env-file', '/nonexistent/file', 'busybox', 'true']);
    expect([absent.code, absent.stderr]).toEqual([
      125,
      expect.stringContaining('--env-file /nonexistent/file'),
    ]);
  });

  it('names are asked for where it is said', async () => {
    const dns = ['--dns', '192.0.2.1', '--dns-search', 'a.test', '--dns-option', 'ndots:2'];
    const run = await space.run(['run', '--net=none', ...dns, 'busybox', 'cat', '/etc/resolv.conf']);
    expect(run.stdout.toString()).toBe('nameserver 192.0.2.1\nsearch a.test\noptions ndots:2\n');
  });
});
