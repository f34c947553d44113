import {describe, expect, it} from 'vitest';
import {keptCapabilities} from '../../src/ops/exec/system-call-filter.ts';
import {type Abi, auditArchsOf, type FilteredArchitecture} from '../../src/seccomp/abi.ts';
import {seccompFilter} from '../../src/seccomp/filter.ts';
import {policy} from '../../src/seccomp/policy.ts';
import {BpfMachine, type Outcome} from './bpf-machine.ts';

const machines = {
  x64: machineWith('x64', keptCapabilities),
  arm64: machineWith('arm64', keptCapabilities),
};
const ways = (['x64', 'arm64'] as const).flatMap((architecture) =>
  auditArchsOf(architecture).flatMap(({audit, abis}) => abis.map((abi) => ({architecture, audit, abi}))),
);

function machineWith(architecture: FilteredArchitecture, capabilities: ReadonlySet<string>): BpfMachine {
  return new BpfMachine(seccompFilter({architecture, capabilities}));
}

/** What happens to a call by name, in every way to make it that has the name. */
function outcomesOf(name: string, args: readonly bigint[] = [], on = machines): Record<string, Outcome> {
  return Object.fromEntries(
    ways.flatMap(({architecture, audit, abi}) => {
      const number = abi.numbers.get(name);
      if (number === undefined) return [];
      return [[abi.name, on[architecture].run({number, arch: audit, args}).outcome]];
    }),
  );
}

/** The same outcome everywhere. */
function outcomeOf(name: string, args: readonly bigint[] = [], on = machines): Outcome {
  const all = new Set(Object.values(outcomesOf(name, args, on)));
  expect([...all], name).toHaveLength(1);
  return [...all][0] ?? 'kill';
}

describe('the filter for docker-like sandboxes', () => {
  it.each(ways)('refuses exactly these calls of $abi.name', ({architecture, audit, abi}) => {
    const refused = [...abi.numbers].filter(
      ([, number]) => machines[architecture].run({number, arch: audit}).outcome !== 'allow',
    );
    expect(refused.map(([name]) => name).toSorted()).toEqual(refusedCalls(abi));
  });

  it.each(ways)('on $abi.name it says of calls nobody knows yet that there are none', (way) => {
    const {architecture, audit, abi} = way;
    const outcome = (number: number): Outcome =>
      machines[architecture].run({number: (abi.firstNumber + number) >>> 0, arch: audit}).outcome;
    // The calls that differ between 64 bits and x32 have numbers above all others there.
    const newest = abi.name === 'x32' ? 547 : 466;
    expect([newest - 1, newest].map(outcome)).toEqual(['allow', 'allow']);
    const unknown = [newest + 1, newest + 2, newest + 3, 600, 100_000];
    expect(unknown.map(outcome)).toEqual(unknown.map(() => 'ENOSYS'));
  });

  it('says of numbers between that they are forbidden', () => {
    expect(machines.x64.run({number: 337, arch: 0xc000003e}).outcome).toBe('EPERM');
    expect(machines.x64.run({number: 0x3fffffff, arch: 0xc000003e}).outcome).toBe('ENOSYS');
    expect(machines.x64.run({number: 0xffffffff, arch: 0xc000003e}).outcome).toBe('ENOSYS');
  });

  it("has ARM's own calls, far above the others", () => {
    const outcome = (number: number): Outcome => machines.arm64.run({number, arch: 0x40000028}).outcome;
    expect([0xf0001, 0xf0002, 0xf0005].map(outcome)).toEqual(['allow', 'allow', 'allow']);
    expect([0xf0000, 0xf0003, 0xf0004, 0xf0006, 0xffffff].map(outcome)).not.toContain('allow');
  });

  it.each([0, 0x28, 0xc00000f3, 0xc000003d, 0xffffffff])('kills whoever comes by another way: %i', (arch) => {
    expect(machines.x64.run({number: 0, arch}).outcome).toBe('kill');
    expect(machines.arm64.run({number: 0, arch}).outcome).toBe('kill');
  });

  it('knows the way of one machine only', () => {
    expect(machines.x64.run({number: 63, arch: 0xc00000b7}).outcome).toBe('kill');
    expect(machines.arm64.run({number: 0, arch: 0xc000003e}).outcome).toBe('kill');
  });

  it('allows address families of sockets, but not AF_ALG and AF_VSOCK', () => {
    const allowed = Array.from({length: 64}, (_, family) => family).filter(
      (family) => outcomeOf('socket', [BigInt(family)]) === 'allow',
    );
    const gaps = [12, 19, 20, 23, 25, 34, 37, 38, 40];
    expect(allowed).toEqual(Array.from({length: 46}, (_, family) => family).filter((f) => !gaps.includes(f)));
  });

  it('looks at all 64 bits of an argument where processes have them', () => {
    const family = (1n << 32n) + 2n;
    expect(outcomesOf('socket', [family])).toMatchObject({x86_64: 'EPERM', aarch64: 'EPERM', i386: 'allow'});
    const question = 0xffffffffn;
    expect(outcomeOf('personality', [question])).toBe('allow');
    expect(outcomesOf('personality', [question + (1n << 32n)])).toMatchObject({x86_64: 'EPERM'});
  });

  it.each([
    [0n, 'allow'],
    [8n, 'allow'],
    [0x20000n, 'allow'],
    [0x20008n, 'allow'],
    [0xffffffffn, 'allow'],
    [1n, 'EPERM'],
    [7n, 'EPERM'],
    [9n, 'EPERM'],
    [0x40000n, 'EPERM'], // ADDR_NO_RANDOMIZE
    [0x1ffffn, 'EPERM'],
    [0x20007n, 'EPERM'],
    [0x20009n, 'EPERM'],
    [0xfffffffen, 'EPERM'],
  ] as const)('personality %i: %s', (persona, expected) => {
    expect(outcomeOf('personality', [persona])).toBe(expected);
  });

  it.each([
    ['CLONE_NEWTIME is not a flag of clone', 0x80n, 'allow'],
    ['fork', 17n, 'allow'],
    ['pthread_create', 0x3d0f00n, 'allow'],
    ['vfork', 0x4111n, 'allow'],
    ['CLONE_NEWNS', 0x00020000n, 'EPERM'],
    ['CLONE_NEWCGROUP', 0x02000000n, 'EPERM'],
    ['CLONE_NEWUTS', 0x04000000n, 'EPERM'],
    ['CLONE_NEWIPC', 0x08000000n, 'EPERM'],
    ['CLONE_NEWUSER', 0x10000000n, 'EPERM'],
    ['CLONE_NEWPID', 0x20000000n, 'EPERM'],
    ['CLONE_NEWNET', 0x40000000n, 'EPERM'],
    ['CLONE_NEWUSER among others', 0x10000011n, 'EPERM'],
  ] as const)('clone for %s', (_, flags, expected) => {
    expect(outcomeOf('clone', [flags])).toBe(expected);
  });

  it('says that there is no clone3, so that C libraries take clone', () => {
    expect(outcomeOf('clone3')).toBe('ENOSYS');
  });

  it('does not look at arguments where none matter', () => {
    const odd = Array<bigint>(6).fill((1n << 64n) - 1n);
    for (const name of ['read', 'openat', 'ioctl', 'execve', 'prctl', 'mknodat'])
      expect(outcomeOf(name, odd)).toBe('allow');
    for (const name of ['keyctl', 'mount', 'bpf', 'unshare', 'setns'])
      expect(outcomeOf(name, odd)).toBe('EPERM');
  });

  it('is short, and no call is far', () => {
    for (const [architecture, machine] of Object.entries(machines)) {
      expect(machine.length).toBeLessThan(400);
      const steps = ways
        .filter((way) => way.architecture === architecture)
        .flatMap(({audit, abi}) =>
          [...abi.numbers.values()].map((number) => machine.run({number, arch: audit}).steps),
        );
      expect(Math.max(...steps)).toBeLessThan(32);
    }
  });
});

describe('capabilities of a sandbox', () => {
  const conditional = policy.flatMap(({calls, needs}) =>
    needs === undefined ? [] : calls.map((call) => [call, needs] as const),
  );

  it.each(conditional)('%s is allowed with %s', (call, capability) => {
    const on = {
      x64: machineWith('x64', new Set([capability])),
      arm64: machineWith('arm64', new Set([capability])),
    };
    const some = Object.values(outcomesOf(call, [], on));
    expect(new Set(some)).toEqual(new Set(['allow']));
    const without = {x64: machineWith('x64', new Set()), arm64: machineWith('arm64', new Set())};
    const none = call === 'clone' ? outcomesOf(call, [0x10000000n], without) : outcomesOf(call, [], without);
    expect(Object.values(none)).not.toContain('allow');
  });

  it('with CAP_SYS_ADMIN there is clone3, and clone with any flags', () => {
    const admin = new Set(['CAP_SYS_ADMIN']);
    const on = {x64: machineWith('x64', admin), arm64: machineWith('arm64', admin)};
    expect(outcomeOf('clone3', [], on)).toBe('allow');
    expect(outcomeOf('clone', [0x7e020000n], on)).toBe('allow');
  });
});

describe('the table of the policy', () => {
  const known = new Set(ways.flatMap(({abi}) => [...abi.numbers.keys()]));

  it('names only calls that exist', () => {
    // On arm it is another name for arm_sync_file_range.
    const unknown = policy.flatMap(({calls}) => calls).filter((call) => !known.has(call));
    expect(unknown).toEqual(['sync_file_range2']);
  });
});

/** Calls with any condition fail with no arguments only if 0 is not among what they may have. */
function refusedCalls(abi: Abi): string[] {
  return [...refusedEverywhere, ...(refusedOn[abi.name] ?? [])]
    .filter((name) => abi.numbers.has(name))
    .toSorted();
}

const refusedEverywhere = words(`_sysctl acct add_key bdflush bpf clock_settime clock_settime64 clone3
  create_module delete_module fanotify_init file_getattr file_setattr finit_module fsconfig fsmount fsopen fspick
  get_kernel_syms get_mempolicy idle init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp
  kexec_file_load kexec_load keyctl lookup_dcookie lsm_get_self_attr lsm_list_modules lsm_set_self_attr mbind
  migrate_pages mount mount_setattr move_mount move_pages nfsservctl nice open_by_handle_at open_tree
  open_tree_attr perf_event_open pidfd_getfd pivot_root process_madvise query_module quotactl quotactl_fd readdir
  reboot request_key set_mempolicy set_mempolicy_home_node setdomainname sethostname setns settimeofday sgetmask
  sigaction signal sigpending sigsuspend ssetmask stime swapoff swapon sysfs syslog umount umount2 unshare uprobe
  uselib userfaultfd ustat vhangup vm86 vm86old vserver`);

/** Names of calls that the kernel does not have any more, or never had. */
const refusedOn: Readonly<Record<string, readonly string[]>> = {
  x86_64: words('afs_syscall getpmsg putpmsg security tuxcall'),
  x32: words('afs_syscall getpmsg putpmsg security tuxcall'),
  i386: words(
    'afs_syscall break ftime getpmsg gtty lock mpx oldfstat oldlstat oldolduname oldstat olduname prof profil putpmsg stty ulimit',
  ),
  aarch64: [],
  arm: words('get_tls pciconfig_iobase pciconfig_read pciconfig_write usr26 usr32'),
};

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
