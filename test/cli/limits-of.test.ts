import {describe, expect, it} from 'vitest';
import {FlagValues} from '../../src/cli/flag-values.ts';
import {limitsOf} from '../../src/cli/limits-of.ts';
import {ValueReader} from '../../src/cli/value-reader.ts';
import {BuildError} from '../../src/diagnostics/build-error.ts';

const usualSwap = 'memory-swap-if-counted';

/** Limits as `NAME:VALUE`, but for what --memory says of swap when nothing else does. */
function limits(...flags: readonly [string, string][]): string[] {
  return allLimits(...flags).filter((limit) => !limit.startsWith(usualSwap));
}

function allLimits(...flags: readonly [string, string][]): string[] {
  const reader = new ValueReader(new FlagValues(flags));
  const read = limitsOf(reader);
  reader.throwProblems();
  return read.limits.map(({name, value}) => `${name}:${value}`);
}

function problems(...flags: readonly [string, string][]): string[] {
  try {
    limits(...flags);
  } catch (error) {
    if (error instanceof BuildError) return error.diagnostics.map(({message}) => message);
  }
  throw new Error('no problem');
}

describe('flags that limit', () => {
  it.each<[string, string, string]>([
    ['memory', '512m', 'memory:536870912'],
    ['memory', '1.5GiB', 'memory:1610612736'],
    ['cpu-shares', '512', 'cpu-shares:512'],
    ['cpu-period', '50000', 'cpu-period:50000'],
    ['cpu-quota', '25000', 'cpu-quota:25000'],
    ['cpus', '1.5', 'cpu-quota:150000'],
    ['cpus', '.5', 'cpu-quota:50000'],
    ['memory-swap', '-1', 'memory-swap:-1'],
    ['device-read-bps', '/dev/sda:1.5 MB', 'device-read-bps:/dev/sda:1572864'],
    ['cpuset-cpus', '0-2,4', 'cpuset-cpus:0-2,4'],
    ['cpuset-mems', '0', 'cpuset-mems:0'],
    ['blkio-weight', '300', 'blkio-weight:300'],
    ['device-read-bps', '/dev/sda:1m', 'device-read-bps:/dev/sda:1048576'],
    ['device-write-bps', '/dev/sda:100', 'device-write-bps:/dev/sda:100'],
    ['device-read-iops', '/dev/sda:10', 'device-read-iops:/dev/sda:10'],
    ['device-write-iops', '/dev/disk/by-id/a:b:10', 'device-write-iops:/dev/disk/by-id/a:b:10'],
    ['pids-limit', '100', 'pids:100'],
    ['memory-reservation', '8m', 'memory-reservation:8388608'],
    ['memory-swappiness', '0', 'memory-swappiness:0'],
    ['blkio-weight-device', '/dev/sda:10', 'blkio-weight-device:/dev/sda:10'],
  ])('--%s %s is %s', (flag, text, expected) => {
    expect(limits([flag, text])).toEqual([expected]);
  });

  it.each<[string, string]>([
    ['memory', '0'],
    ['memory-swap', '0'],
    ['cpu-shares', '0'],
    ['cpu-quota', '-1'],
    ['cpus', '0'],
    ['cpuset-cpus', ''],
    ['blkio-weight', '0'],
    ['pids-limit', '-1'],
    ['memory-reservation', '0'],
    ['memory-swappiness', '-1'],
    ['device-read-bps', '/dev/sda:0'],
    ['device-write-iops', '/dev/sda:0'],
  ])('--%s "%s" asks for no limit', (flag, text) => {
    expect(limits([flag, text])).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['memory', 'much', '--memory expects a size such as 64m or 1g, got "much"'],
    ['memory', '1m', '--memory 1m: the least is 6m'],
    ['memory-reservation', '1m', '--memory-reservation 1m: the least is 6m'],
    ['memory-swappiness', '101', '--memory-swappiness expects a number, 0 to 100, got "101"'],
    ['blkio-weight-device', '/dev/sda:9', '--blkio-weight-device expects a number, 10 to 1000, got "9"'],
    ['blkio-weight-device', '10', '--blkio-weight-device expects PATH:N, got "10"'],
    ['oom-kill-disable', 'true', '--oom-kill-disable needs --memory'],
    ['cpu-shares', '1', '--cpu-shares expects a number, 2 to 262144, got "1"'],
    ['cpu-period', '10', '--cpu-period expects a number, 1000 to 1000000, got "10"'],
    ['cpu-quota', '1.5', '--cpu-quota expects a number, 1000 or more, got "1.5"'],
    ['cpus', 'two', '--cpus expects a number such as 1.5, got "two"'],
    ['cpuset-cpus', '0-', '--cpuset-cpus expects numbers and ranges such as 0-2,4, got "0-"'],
    ['cpuset-cpus', '0,3-1', '--cpuset-cpus expects numbers and ranges such as 0-2,4, got "0,3-1"'],
    ['memory', '9999999999p', '--memory 9999999999p: no machine has that much'],
    ['blkio-weight', '5', '--blkio-weight expects a number, 10 to 1000, got "5"'],
    ['device-read-bps', 'sda:1m', '--device-read-bps expects PATH:BYTES, got "sda:1m"'],
    ['device-read-iops', '/dev/sda:1m', '--device-read-iops expects a number, 1 to 4294967295, got "1m"'],
    ['pids-limit', 'few', '--pids-limit expects a number, 1 to 4194304, got "few"'],
    ['resource', 'colour=red', '--resource expects NAME=VALUE, got "colour=red"'],
    ['resource', 'memory', '--resource expects NAME=VALUE, got "memory"'],
    ['resource', 'blkio-weight=10', '--resource expects NAME=VALUE, got "blkio-weight=10"'],
    ['cgroup-parent', 'a/../../b', '--cgroup-parent expects a path without "..", got "a/../../b"'],
  ])('--%s %s: %s', (flag, text, expected) => {
    expect(problems([flag, text])).toEqual([expected]);
  });

  it('the last one counts, but every device counts', () => {
    expect(limits(['memory', '64m'], ['memory', '128m'])).toEqual(['memory:134217728']);
    expect(limits(['device-read-bps', '/dev/a:1'], ['device-read-bps', '/dev/b:2'])).toHaveLength(2);
  });

  it('--resource is the same in one record, and goes before docker’s older spelling', () => {
    expect(limits(['resource', 'memory=2g,cpu-quota=50000'], ['resource', '"cpuset-cpus=0,2"'])).toEqual([
      'memory:2147483648',
      'cpu-quota:50000',
      'cpuset-cpus:0,2',
    ]);
    expect(limits(['resource', 'memory=64m'], ['memory', '128m'])).toEqual(['memory:67108864']);
  });

  it('memory comes before memory and swap, which is not less', () => {
    expect(limits(['resource', 'memory-swap=128m,memory=64m'])).toEqual([
      'memory:67108864',
      'memory-swap:134217728',
    ]);
    expect(limits(['memory', '64m'], ['memory-swap', '-1'])).toEqual(['memory:67108864', 'memory-swap:-1']);
    expect(problems(['memory-swap', '1g'])).toEqual(['--memory-swap needs --memory']);
    expect(problems(['memory', '1g'], ['memory-swap', '512m'])).toEqual([
      '--memory-swap is less than --memory',
    ]);
  });

  it('processors are counted, or their time in a period, not both', () => {
    expect(problems(['cpus', '1'], ['cpu-period', '50000'])).toEqual([
      '--cpus and --cpu-period cannot both be set',
    ]);
    expect(problems(['cpus', '1'], ['cpu-quota', '50000'])).toEqual([
      '--cpus and --cpu-quota cannot both be set',
    ]);
    expect(limits(['cpus', '1'], ['cpu-quota', '-1'])).toEqual(['cpu-quota:100000']);
    expect(limits(['cpus', '0'], ['cpu-quota', '50000'])).toEqual(['cpu-quota:50000']);
  });

  it('there is as much swap as memory where nobody says how much', () => {
    expect(allLimits(['memory', '64m'])).toEqual(['memory:67108864', `${usualSwap}:134217728`]);
    expect(allLimits(['memory', '64m'], ['memory-swap', '-1'])).toEqual([
      'memory:67108864',
      'memory-swap:-1',
    ]);
    expect(allLimits(['cpu-shares', '512'])).toEqual(['cpu-shares:512']);
  });

  it('what is reserved is not more than the limit', () => {
    expect(limits(['memory', '64m'], ['memory-reservation', '32m'])).toEqual([
      'memory:67108864',
      'memory-reservation:33554432',
    ]);
    expect(problems(['memory', '32m'], ['memory-reservation', '64m'])).toEqual([
      '--memory is less than --memory-reservation',
    ]);
  });

  it('flags of docker run alone are none of BuildKit’s --resource', () => {
    expect(problems(['resource', 'memory-reservation=64m'])).toEqual([
      '--resource expects NAME=VALUE, got "memory-reservation=64m"',
    ]);
    expect(limits(['memory', '64m'], ['oom-kill-disable', 'true'])).toEqual([
      'memory:67108864',
      'oom-kill-disable:1',
    ]);
  });

  it('a parent for the groups is a path, or none', () => {
    const parentOf = (text: string) =>
      limitsOf(new ValueReader(new FlagValues([['cgroup-parent', text]]))).cgroupParent;
    expect(parentOf('builds/today')).toBe('builds/today');
    expect(parentOf('')).toBeUndefined();
  });
});
