// The filter in the kernel: calls that are really made, by a program in a sandbox.

import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it, type TestContext} from 'vitest';
import {systemCallArguments} from '../../../src/ops/exec/system-call-filter.ts';
import {auditArchsOf, type FilteredArchitecture} from '../../../src/seccomp/abi.ts';
import {needCommand, skip} from '../../e2e/requirements.ts';
import {SandboxWorld, whyNotHere} from '../../support/sandbox-world.ts';

const source = join(import.meta.dirname, '../../seccomp/try-calls.c');
const eperm = 1;
const enosys = 38;

describe.skipIf(whyNotHere() !== undefined)('a process under the system call filter', () => {
  const world = new SandboxWorld();
  let filter: readonly string[] = [];
  beforeAll(async () => {
    filter = await systemCallArguments('sandbox');
  });
  afterAll(() => world.close());

  function makeCalls(test: TestContext, calls: readonly string[], more: readonly string[]) {
    needCommand(test, 'gcc');
    const program = world.path('try-calls');
    if (!existsSync(program)) execFileSync('gcc', ['-static', '-O1', '-o', program, source]);
    const mount = ['mount=bind', 'target=/try', `dir=${program}`, 'ro=1'];
    const args = ['arg=/try', ...calls.map((call) => `arg=${call}`)];
    return world.run(world.newLayer(), [...more, ...args, ...mount]);
  }

  /** errno of each call. */
  async function errnos(test: TestContext, calls: readonly string[], more = filter): Promise<number[]> {
    const {stdout, result} = await makeCalls(test, calls, more);
    expect(result.get('exit'), stdout).toBe('0');
    return stdout
      .trim()
      .split('\n')
      .map((line) => Number(line.split(' ')[1]));
  }

  const architecture = process.arch as FilteredArchitecture;
  const own = auditArchsOf(architecture)[0]?.abis[0]?.numbers ?? new Map<string, number>();
  const number = (name: string): number => own.get(name) ?? Number.NaN;

  it('is in filter mode, and could still gain privileges', async () => {
    const {stdout} = await world.shell('grep -E "^(Seccomp|NoNewPrivs)" /proc/self/status', filter);
    expect(stdout).toBe('NoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n');
  });

  const refused = `add_key bpf fanotify_init fsconfig fsmount fsopen fspick init_module io_uring_setup kcmp
    kexec_load keyctl mbind mount mount_setattr move_mount open_by_handle_at open_tree perf_event_open pidfd_getfd
    pivot_root quotactl reboot request_key setdomainname sethostname setns settimeofday swapoff swapon syslog
    umount2 unshare userfaultfd vhangup`.split(/\s+/);

  it('gets EPERM from what the policy does not name', async (test) => {
    const got = await errnos(
      test,
      refused.map((name) => `${number(name)}`),
    );
    expect(Object.fromEntries(refused.map((name, index) => [name, got[index]]))).toEqual(
      Object.fromEntries(refused.map((name) => [name, eperm])),
    );
  });

  it('gets other answers to the same calls without it', async (test) => {
    // Of those that fail on their arguments first: the answer above was not the kernel's own.
    const calls = ['keyctl', 'request_key', 'io_uring_setup', 'mbind'].map((name) => `${number(name)},99`);
    expect(await errnos(test, calls, [])).not.toContain(eperm);
  });

  it('finds neither clone3 nor calls of the future', async (test) => {
    expect(await errnos(test, [`${number('clone3')}`, '467', '468', '999'])).toEqual(Array(4).fill(enosys));
  });

  it('is held by what the arguments are', async (test) => {
    const [socket, personality, clone] = ['socket', 'personality', 'clone'].map(number);
    expect(
      await errnos(test, [
        `${socket},1,1`, // AF_UNIX
        `${socket},2,1`, // AF_INET
        `${socket},16,3`, // AF_NETLINK
        `${socket},38,5`, // AF_ALG
        `${socket},40,1`, // AF_VSOCK
        `${personality},0xffffffff`,
        `${personality},0`,
        `${personality},0x40000`,
        `${clone},0x10000000`, // CLONE_NEWUSER
        `${clone},0x20000`, // CLONE_NEWNS
      ]),
    ).toEqual([0, 0, 0, eperm, eperm, 0, 0, eperm, eperm, eperm]);
  });

  it('cannot go around it by the calls of 32-bit processes', async (test) => {
    if (process.arch !== 'x64') test.skip('calls by int 0x80 are of x86');
    const i386 = auditArchsOf('x64')[1]?.abis[0]?.numbers ?? new Map<string, number>();
    const call = (name: string): string => `i386:${i386.get(name)}`;
    const names = ['getpid', 'keyctl', 'mount', 'unshare', 'bpf', 'init_module', 'clone3'];
    const {result} = await makeCalls(test, [call('getpid')], []);
    if (result.get('signal') === '11') skip(test, 'this kernel has no calls for 32-bit processes');
    expect(await errnos(test, names.map(call))).toEqual([0, ...Array(5).fill(eperm), enosys]);
    expect(await errnos(test, [`${call('socket')},38,5`])).toEqual([eperm]);
  });

  it('cannot go around it by the calls of x32', async (test) => {
    if (process.arch !== 'x64') test.skip('x32 is of x86');
    const x32 = 0x40000000;
    expect(await errnos(test, [`${x32 + number('keyctl')}`, `${x32 + 999}`])).toEqual([eperm, enosys]);
  });
});
