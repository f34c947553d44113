import {describe, expect, it} from 'vitest';
import {rightsArguments} from '../../../../src/build/attended/rights.ts';
import {rightsOf} from '../../../../src/cli/commands/run/rights.ts';
import {FlagValues} from '../../../../src/cli/flag-values.ts';
import {ValueReader} from '../../../../src/cli/value-reader.ts';
import {BuildError} from '../../../../src/diagnostics/build-error.ts';

/** Flags as `NAME VALUE` → what the helper is told. */
function told(...flags: readonly string[]): string[] {
  const pairs = flags.map((flag): [string, string] => {
    const [, name = '', value = ''] = /^(\S+) (.*)$/s.exec(flag) ?? [];
    return [name, value];
  });
  const reader = new ValueReader(new FlagValues(pairs));
  const rights = rightsOf(reader);
  reader.throwProblems();
  return rightsArguments(rights);
}

function problemOf(...flags: readonly string[]): string {
  try {
    told(...flags);
  } catch (error) {
    if (error instanceof BuildError) return error.diagnostics.map(({message}) => message).join('; ');
  }
  throw new Error('no problem');
}

it('without flags a run has the rights of a step', () => {
  expect(told()).toEqual([]);
});

describe('--sysctl', () => {
  it.each([
    ['net.ipv4.ip_forward=1', 'net/ipv4/ip_forward:1'],
    ['net/ipv4/ip_forward=1', 'net/ipv4/ip_forward:1'],
    ['net.ipv4.conf.eth0/100.forwarding=0', 'net/ipv4/conf/eth0.100/forwarding:0'],
    ['net/ipv4/conf/eth0.100/forwarding=0', 'net/ipv4/conf/eth0.100/forwarding:0'],
    ['net.ipv4.ping_group_range=0 0', 'net/ipv4/ping_group_range:0 0'],
    ['kernel.sem=250 32000 100 128', 'kernel/sem:250 32000 100 128'],
    ['kernel.shm_rmid_forced=1', 'kernel/shm_rmid_forced:1'],
    ['kernel.msgmax=a=b', 'kernel/msgmax:a=b'],
    ['fs.mqueue.msg_max=', 'fs/mqueue/msg_max:'],
    ['fs/mqueue/msg_max=5:6\n', 'fs/mqueue/msg_max:5:6\n'],
  ])('%j', (text, expected) => {
    expect(told(`sysctl ${text}`)).toEqual([`sysctl=${expected}`]);
  });

  it('the last of a name counts, however it is written', () => {
    expect(told('sysctl net.a=1', 'sysctl kernel.sem=2', 'sysctl net/a=3')).toEqual([
      'sysctl=net/a:3',
      'sysctl=kernel/sem:2',
    ]);
  });

  it.each([
    ['kernel.core_pattern=|/bin/sh', 'kernel.core_pattern is not allowed: it is of the whole machine'],
    ['kernel/core_pattern=x', 'kernel/core_pattern is not allowed'],
    ['kernel.shmother=1', 'kernel.shmother is not allowed'],
    ['kernel.hostname=x', 'kernel.hostname is not allowed'],
    ['vm.swappiness=1', 'vm.swappiness is not allowed'],
    ['fs.mqueue=1', 'fs.mqueue is not allowed'],
    ['network.x=1', 'network.x is not allowed'],
    ['net.=1', 'is no name of a kernel parameter'],
    ['net..ipv4=1', 'is no name of a kernel parameter'],
    ['net./.=1', 'is no name of a kernel parameter'],
    ['net.//.kernel.core_pattern=1', 'is no name of a kernel parameter'],
    ['net/../kernel/core_pattern=1', 'is no name of a kernel parameter'],
    ['/net/ipv4=1', 'is no name of a kernel parameter'],
    ['net.ipv4:x=1', 'is no name of a kernel parameter'],
    ['net.ipv4.ip_forward', 'expects NAME=VALUE'],
    ['=1', 'expects NAME=VALUE'],
  ])('%j is refused', (text, problem) => {
    expect(problemOf(`sysctl ${text}`)).toContain(problem);
  });
});

describe('--cap-drop and --cap-add', () => {
  const usual = 0xa80425fb;
  it.each<[string[], string[]]>([
    [['cap-drop NET_RAW'], [`drop=${2 ** 13}`]],
    [['cap-drop cap_net_raw', 'cap-drop mknod'], [`drop=${2 ** 13 + 2 ** 27}`]],
    [['cap-drop ALL'], [`drop=${usual}`]],
    [['cap-drop all', 'cap-add CAP_CHOWN'], [`drop=${usual - 1}`]],
    [['cap-drop CHOWN', 'cap-add CHOWN'], []],
    [['cap-drop SYS_ADMIN'], []],
    [['cap-add KILL'], []],
  ])('%j', (flags, expected) => {
    expect(told(...flags)).toEqual(expected);
  });

  it('nothing is added to what a step has', () => {
    expect(problemOf('cap-add SYS_ADMIN')).toMatch(/^--cap-add SYS_ADMIN is not supported: .* AUDIT_WRITE$/);
    expect(problemOf('cap-add ALL')).toContain('--cap-add ALL is not supported');
    expect(problemOf('cap-drop ROOT')).toBe('--cap-drop: unknown capability "ROOT"');
  });
});

describe('--security-opt', () => {
  it.each<[string[], string[]]>([
    [['no-new-privileges'], ['nonewprivs=1']],
    [['no-new-privileges:true'], ['nonewprivs=1']],
    [['no-new-privileges=true'], ['nonewprivs=1']],
    [['no-new-privileges', 'no-new-privileges=false'], []],
    [['seccomp=builtin', 'apparmor:unconfined', 'label=disable'], []],
  ])('%j', (options, expected) => {
    expect(told(...options.map((option) => `security-opt ${option}`))).toEqual(expected);
  });

  it.each(['seccomp=unconfined', 'systempaths=unconfined', 'no-new-privileges=maybe', ''])(
    '%j is refused',
    (option) => {
      expect(problemOf(`security-opt ${option}`)).toContain(`--security-opt ${option} is not supported`);
    },
  );
});

it('groups, the domain and the score are passed on', () => {
  expect(
    told(
      'group-add video',
      'group-add 77',
      'domainname example.org',
      'oom-score-adj -1000',
      'oom-score-adj 7',
    ),
  ).toEqual(['group=video', 'group=77', 'domainname=example.org', 'oomscore=7']);
  expect(told('oom-score-adj 0', 'domainname ')).toEqual(['oomscore=0']);
});

it.each(['1001', '-1001', 'x', '', '1.5'])('the score %j is refused', (text) => {
  expect(problemOf(`oom-score-adj ${text}`)).toContain('--oom-score-adj expects a number, -1000 to 1000');
});
