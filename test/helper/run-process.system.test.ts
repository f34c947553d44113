// What a process of `run` is: its status, its user, its environment, its rights, and what it can see.

import {readdirSync, readFileSync, readlinkSync, statSync, writeFileSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

const allZeros = Buffer.alloc(1024 * 1024);
const defaultCapabilities = '00000000a80425fb';

describe.skipIf(whyNotHere() !== undefined)('a process in a sandbox', () => {
  const world = new SandboxWorld();
  afterAll(() => world.close());

  const failure = async (args: readonly string[]): Promise<unknown> =>
    world.run(world.newLayer(), args).then(
      ({result}) => Object.fromEntries(result),
      ({phase, errno, path, message}) => ({phase, errno, path, message}),
    );

  it('reports its exit code and what it used', async () => {
    const {result} = await world.shell('exit 7');
    expect(result.get('exit')).toBe('7');
    expect(Number(result.get('maxrss'))).toBeGreaterThan(100);
    expect(Number(result.get('wall'))).toBeGreaterThan(0);
    expect(result.get('utime')).toMatch(/^\d+\.\d{6}$/);
  });

  it.each([
    ['true', '1'],
    ['mkdir /some; rmdir /some; echo >/dev/shm/file', '1'],
    ['touch /some', undefined],
    ['rm /etc/passwd', undefined],
    ['chmod 700 /', undefined],
    ['chown 7 /', undefined],
    ['chmod 700 /; chmod 755 /', '1'],
  ])('tells whether it has changed anything: %s', async (script, unchanged) => {
    const {result} = await world.shell(script, ['epoch=1']);
    expect([result.get('exit'), result.get('unchanged')]).toEqual(['0', unchanged]);
  });

  it('reports the signal that killed it', async () => {
    const {result} = await world.shell('kill -11 $$');
    expect(result.get('signal')).toBe('11');
    expect(result.has('exit')).toBe(false);
  });

  it('is killed with everything it left running', async () => {
    const {result, stdout} = await world.shell('sleep 1000 & sleep 1000 & echo started');
    expect([result.get('exit'), stdout]).toEqual(['0', 'started\n']);
  });

  it('cannot end the first process, nor signal everybody through it', async () => {
    const {stdout} = await world.shell('kill -9 1; kill -15 1; sleep 0.05; echo alive');
    expect(stdout).toBe('alive\n');
  });

  it('a program that is not there is an error, not an exit code', async () => {
    expect(await failure(['arg=nowhere'])).toMatchObject({
      phase: 'exec',
      errno: 2,
      path: 'nowhere',
      message: expect.stringContaining('exec: "nowhere": executable file not found in $PATH'),
    });
    expect(await failure(['arg=/bin/nowhere'])).toMatchObject({
      phase: 'exec',
      errno: 2,
      path: '/bin/nowhere',
    });
    expect(await failure(['arg=/etc/passwd'])).toMatchObject({phase: 'exec', errno: 13, path: '/etc/passwd'});
  });

  it('a script whose interpreter is missing says so', async () => {
    const layer = world.newLayer();
    writeFileSync(join(layer.upper, 'script'), '#!/no/such/shell\n', {mode: 0o755});
    await expect(world.run(layer, ['arg=/script'])).rejects.toMatchObject({
      phase: 'exec',
      message: expect.stringContaining('/script exists, but its interpreter'),
    });
  });

  it('is found in the PATH of its own environment', async () => {
    expect(await failure(['env=PATH=/etc', 'arg=true'])).toMatchObject({phase: 'exec', errno: 2});
    expect(await failure(['env=PATH=/etc:/bin', 'arg=true'])).toMatchObject({exit: '0'});
  });

  it.each([
    ['', 'uid=0(root) gid=0(root) groups=0(root),10(wheel)'],
    ['app', 'uid=1000(app) gid=1001(app) groups=10(wheel),1001(app)'],
    ['1000', 'uid=1000(app) gid=1001(app) groups=10(wheel),1001(app)'],
    ['app:wheel', 'uid=1000(app) gid=10(wheel) groups=10(wheel)'],
    ['app:77', 'uid=1000(app) gid=77 groups=77'],
    ['4000', 'uid=4000 gid=0(root) groups=0(root)'],
    ['4000:5000', 'uid=4000 gid=5000 groups=5000'],
    ['bare', 'uid=1002 gid=1002 groups=1002'],
  ])('user "%s" is %s', async (user, expected) => {
    const {stdout} = await world.shell('id', [`user=${user}`]);
    expect(stdout.trim()).toBe(expected);
  });

  it('users and groups that the image does not know are errors', async () => {
    expect(await failure(['user=nobody', 'arg=true'])).toMatchObject({
      phase: 'user',
      message: 'unable to find user nobody: no matching entries in passwd file',
    });
    expect(await failure(['user=0:staff', 'arg=true'])).toMatchObject({
      phase: 'user',
      message: 'unable to find group staff: no matching entries in group file',
    });
    expect(await failure(['user=2147483648', 'arg=true'])).toMatchObject({phase: 'user'});
  });

  it('has HOME from passwd unless the environment has one, and nothing else of ours', async () => {
    const environment = async (...args: string[]): Promise<string[]> => {
      const {stdout} = await world.run(world.newLayer(), [...args, 'arg=/bin/env']);
      return stdout.trim().split('\n').toSorted();
    };
    expect(await environment('user=app')).toEqual(['HOME=/home/app']);
    expect(await environment('user=4000')).toEqual(['HOME=/']);
    expect(await environment('env=HOME=/x', 'env=A=b=c')).toEqual(['A=b=c', 'HOME=/x']);
  });

  it("has docker's capabilities as root, and none in force as anybody else", async () => {
    const capabilities = async (...args: string[]): Promise<Record<string, string>> => {
      const {stdout} = await world.shell('cat /proc/self/status', args);
      return Object.fromEntries(
        [...stdout.matchAll(/^(Cap\w+|NoNewPrivs|Seccomp):\s*(\S+)/gm)].map(([, name, value]) => [
          name,
          value,
        ]),
      );
    };
    const none = '0000000000000000';
    expect(await capabilities()).toEqual({
      CapInh: none,
      CapPrm: defaultCapabilities,
      CapEff: defaultCapabilities,
      CapBnd: defaultCapabilities,
      CapAmb: none,
      NoNewPrivs: '0',
      Seccomp: '0',
    });
    expect(await capabilities('user=app')).toMatchObject({
      CapPrm: none,
      CapEff: none,
      CapBnd: defaultCapabilities,
    });
    const all = (await capabilities('insecure=1'))['CapEff'] ?? '';
    expect(BigInt(`0x${all}`)).toBeGreaterThan(BigInt(`0x${defaultCapabilities}`));
  });

  it('sees masked and read-only parts of /proc and /sys', async () => {
    const {stdout} = await world.shell(
      'cat /proc/timer_list /proc/keys /proc/interrupts | wc -c; ls /sys/firmware | wc -l; echo x 2>/dev/null > /proc/sys/kernel/domainname || echo ro; touch /sys/x 2>/dev/null || echo ro',
    );
    expect(stdout).toBe('0\n0\nro\nro\n');
  });

  it('sees nothing of the host: mounts, processes, host name, devices, descriptors', async () => {
    const script =
      'wc -l < /proc/mounts; ls -d /proc/[0-9]*; hostname; ls /dev; ls /proc/self/fd; readlink /proc/1/exe; cat /proc/1/cmdline; ls /..';
    const {stdout} = await world.shell(`${script} 2>/dev/null`, ['hostname=builder']);
    expect(stdout).toContain('builder\n');
    expect(stdout).not.toContain(hostname());
    expect(stdout).not.toContain(world.directory);
    expect(stdout.split('\n').filter((line) => /^\/proc\/\d+$/.test(line)).length).toBeLessThanOrEqual(3);
    const devices =
      'core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'.replaceAll(
        ' ',
        '\n',
      );
    expect(stdout).toContain(`${devices}\n0\n1\n2\n`);
    const {stdout: mounts} = await world.shell('cat /proc/mounts');
    const host = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '');
    const expected = new Set(['/', '/proc', '/sys', '/dev', '/dev/pts', '/dev/shm', '/sys/fs/cgroup']);
    const leaked = host.filter((path) => path !== '' && !expected.has(path));
    for (const path of leaked) expect(mounts).not.toContain(` ${path} `);
  });

  it('without a network has a loopback device that works', async () => {
    const {stdout} = await world.shell('ip addr');
    expect(stdout).toMatch(/lo: <LOOPBACK,UP,LOWER_UP>/);
    expect(stdout).toContain('inet 127.0.0.1/8');
    expect(stdout.match(/^\d+: /gm)).toHaveLength(1);
  });

  it('works in its directory, which is made and belongs to it', async () => {
    const layer = world.newLayer();
    const {stdout} = await world.shell(
      'pwd; touch x; stat -c %u:%g:%a . .. ../..',
      ['cwd=/w/d', 'user=app'],
      layer,
    );
    expect(stdout).toBe('/w/d\n1000:1001:755\n1000:1001:755\n0:0:755\n');
    expect(statSync(join(layer.upper, 'w/d')).uid).toBe(1000);
  });

  it('can write to /dev/stdout and /dev/stderr whoever it is', async () => {
    const {stdout, stderr} = await world.shell('echo out > /dev/stdout; echo err > /dev/stderr', [
      'user=app',
    ]);
    expect([stdout, stderr]).toEqual(['out\n', 'err\n']);
  });

  it('can make device nodes but not open them, unless it is insecure', async () => {
    const script =
      'for at in /null /dev/mine /cache/null /t/null; do busybox mknod $at c 1 3; echo x 2>/dev/null > $at && echo $at; done; echo x > /dev/null';
    const mounts = [
      'mount=cache',
      'target=/cache',
      `dir=${world.makeDirectory('nodes')}`,
      'mount=tmpfs',
      'target=/t',
    ];
    expect((await world.shell(script, mounts)).stdout).toBe('');
    const {stdout} = await world.shell(script, ['insecure=1', ...mounts]);
    expect(stdout).toBe('/null\n/dev/mine\n/cache/null\n/t/null\n');
  });

  it('finds nothing of the host in the first process, also when it is insecure and may look there', async () => {
    const script =
      'for at in cwd ns/cgroup; do busybox readlink /proc/1/$at; done; [ /proc/1/cwd -ef / ] && echo same';
    const {stdout} = await world.shell(script, ['insecure=1']);
    const [directory, groups, same] = stdout.split('\n');
    expect([directory, same]).toEqual(['/', 'same']);
    expect(groups).toMatch(/^cgroup:/);
    expect(groups).not.toBe(readlinkSync('/proc/self/ns/cgroup'));
  });

  it('finds nothing to write to in the program that started it', async () => {
    // The way into runc of CVE-2019-5736: be started as the runtime's own program. It is a sealed copy in memory.
    const own = await world.run(world.newLayer(), ['arg=/proc/self/exe', 'arg=help']);
    expect(own.stdout).toContain('usage: tsbuild-helper');
    const {stdout} = await world.shell(
      'exec 3< /proc/1/exe || echo unreadable; echo x > /proc/1/exe || echo unwritable',
    );
    expect(stdout).not.toContain('x\n');
  });

  it('gets the limits it is given, and umask 022', async () => {
    const {stdout} = await world.shell('ulimit -n; ulimit -Hn; umask', ['ulimit=nofile:64:128']);
    expect(stdout).toBe('64\n128\n0022\n');
  });

  it('has as much shared memory as asked for', async () => {
    const {stdout} = await world.shell('grep /dev/shm /proc/mounts', ['shmsize=1048576']);
    expect(stdout).toContain('size=1024k');
    expect(stdout, 'named as runtimes name it').toMatch(/^shm /);
  });

  it('is held by the seccomp filter it is given', async () => {
    // Loads the number of the system call; mkdir (83) and mkdirat (258) give EPERM, all others are allowed.
    const instructions = [
      [0x20, 0, 0, 0],
      [0x15, 2, 0, 83],
      [0x15, 1, 0, 258],
      [0x06, 0, 0, 0x7fff0000],
      [0x06, 0, 0, 0x00050001],
    ] as const;
    const bytes = Buffer.alloc(8 * instructions.length);
    for (const [index, [code, yes, no, value]] of instructions.entries()) {
      bytes.writeUInt16LE(code, 8 * index);
      bytes.writeUInt8(yes, 8 * index + 2);
      bytes.writeUInt8(no, 8 * index + 3);
      bytes.writeUInt32LE(value, 8 * index + 4);
    }
    const filter = `seccomp=${bytes.toString('hex')}`;
    const script = 'mkdir /x 2>/dev/null || echo denied; touch /y && echo fine';
    // The third has a worker that was started before the filter came.
    for (let step = 0; step < 3; step++) await world.shell('true');
    expect((await world.shell(script, [filter])).stdout).toBe('denied\nfine\n');
    expect((await world.shell(script, [filter])).stdout).toBe('denied\nfine\n');
    const allowing = `seccomp=${bytes.toString('hex', 24, 32)}`;
    expect((await world.shell(script, [allowing])).stdout).toBe('fine\n');
    expect((await world.shell(script)).stdout).toBe('fine\n');
    expect((await world.shell(script, [filter])).stdout).toBe('denied\nfine\n');
    await expect(world.shell(script, ['seccomp=zz'])).rejects.toThrow('not a BPF program');
  });

  it('passes 50 MB of output on, whole and in order', async () => {
    let bytes = 0;
    let wrong = 0;
    await world.helper.request(
      'run',
      [
        ...world.newLayer().view,
        'network=none',
        'arg=/bin/sh',
        'arg=-c',
        'arg=dd if=/dev/zero bs=1M count=50 2>/dev/null; echo end',
      ],
      {
        onStdout: (piece) => {
          const zeros = Math.max(0, Math.min(piece.length, 50 * 1024 * 1024 - bytes));
          if (!Buffer.from(piece.subarray(0, zeros)).equals(allZeros.subarray(0, zeros))) wrong++;
          if (zeros < piece.length && Buffer.from(piece.subarray(zeros)).toString() !== 'end\n') wrong++;
          bytes += piece.length;
        },
      },
    );
    expect([bytes, wrong]).toEqual([50 * 1024 * 1024 + 4, 0]);
  });

  it('works on a stack of 250 layers', async () => {
    const layers = Array.from({length: 250}, (_, index) => {
      world.write(`stack/${index}/file-${index}`, '');
      return world.path(`stack/${index}`);
    });
    const layer = world.newLayer([...layers, world.base]);
    const {stdout} = await world.shell('ls / | grep -c file-; touch /new', [], layer);
    expect(stdout).toBe('250\n');
    expect(readdirSync(layer.upper)).toEqual(['new']);
  });

  it('works on no layer at all: the new layer itself is the root', async () => {
    const layer = world.newLayer([]);
    const tool = ['mount=bind', 'target=/bin/ls', `dir=${world.base}`, 'source=bin/busybox'];
    const {stdout} = await world.run(layer, ['arg=/bin/ls', 'arg=/', ...tool, 'mount=tmpfs', 'target=/t/u']);
    expect(stdout.trim().split('\n')).toEqual(['bin', 'dev', 'proc', 'sys', 't']);
    expect(readdirSync(layer.upper)).toEqual([]);
  });
});
