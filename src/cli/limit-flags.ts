// Flags that limit what steps and runs may use, as data: docker's names and spellings, and what the helper makes of
// each.

import {parseBytes} from './values/limits.ts';
import {isProblem, type Problem} from './values/problem.ts';

export interface LimitFlag {
  readonly name: string;
  readonly short?: string;
  readonly value: string;
  readonly help: string;
  /** What the helper calls it. */
  readonly limit: string;
  /** The name and value for the helper; undefined: the value asks for no limit. */
  read(text: string, flag: string): Problem | {readonly name: string; readonly value: string} | undefined;
}

const megabyte = 1024 * 1024;
/** docker's: below it no process starts. */
const memoryMin = 6 * megabyte;

function memoryAs(name: string): LimitFlag['read'] {
  return (text, flag) => {
    const size = parseBytes(flag, text);
    if (isProblem(size)) return size;
    if (size.bytes === 0) return undefined;
    return size.bytes < memoryMin
      ? {problem: `${flag} ${text}: the least is 6m`}
      : {name, value: `${size.bytes}`};
  };
}

export const limitFlags: readonly LimitFlag[] = [
  {
    name: 'memory',
    limit: 'memory',
    short: 'm',
    value: 'BYTES',
    help: 'memory of each step, such as 512m; a step that goes over it is ended',
    read: memoryAs('memory'),
  },
  {
    name: 'memory-swap',
    limit: 'memory-swap',
    value: 'BYTES',
    help: 'memory and swap together; -1 for as much swap as there is',
    read: (text, flag) => {
      if (text === '-1') return {name: 'memory-swap', value: '-1'};
      const size = parseBytes(flag, text);
      return isProblem(size) || size.bytes !== 0
        ? named('memory-swap', isProblem(size) ? size : `${size.bytes}`)
        : undefined;
    },
  },
  integer(
    'cpu-shares',
    'N',
    'share of the processors when they are all busy (default: 1024)',
    [2, 262144],
    'c',
  ),
  integer(
    'cpu-period',
    'USEC',
    'length of the periods that --cpu-quota is about (default: 100000)',
    [1000, 1e6],
  ),
  integer('cpu-quota', 'USEC', 'processor time of each step in each period', [1000, Number.MAX_SAFE_INTEGER]),
  cpuset('cpuset-cpus', 'processors that steps may use, such as 0-3 or 0,2'),
  cpuset('cpuset-mems', 'memory nodes that steps may use'),
  integer('blkio-weight', 'N', 'share of block devices, 10 to 1000', [10, 1000]),
  device('device-read-bps', 'PATH:BYTES', 'bytes that steps may read of a device in a second (repeatable)'),
  device('device-write-bps', 'PATH:BYTES', 'bytes that steps may write to a device in a second (repeatable)'),
  device('device-read-iops', 'PATH:N', 'reads of a device in a second (repeatable)'),
  device('device-write-iops', 'PATH:N', 'writes to a device in a second (repeatable)'),
  {
    ...integer('pids-limit', 'N', 'processes of each step; -1 for no limit', [1, 4194304]),
    limit: 'pids',
    read: (text, flag) =>
      text === '-1' || text === '0' ? undefined : named('pids', whole(text, flag, [1, 4194304])),
  },
];

/** Those of docker run alone. */
export const runLimitFlags: readonly LimitFlag[] = [
  {
    name: 'memory-reservation',
    limit: 'memory-reservation',
    value: 'BYTES',
    help: 'memory that the kernel leaves to the run when the machine gets short of it',
    read: memoryAs('memory-reservation'),
  },
  {
    ...integer('memory-swappiness', 'N', 'how readily memory is swapped out, 0 to 100 (cgroup v1)', [0, 100]),
    read: (text, flag) =>
      text === '-1' ? undefined : named('memory-swappiness', whole(text, flag, [0, 100])),
  },
  device('blkio-weight-device', 'PATH:N', 'share of one block device, 10 to 1000 (repeatable)', [10, 1000]),
];

/** Names that BuildKit's --resource takes. */
export const resourceNames: readonly string[] = limitFlags
  .map(({name}) => name)
  .filter((name) => /^(memory|cpu)/.test(name));

function integer(
  name: string,
  value: string,
  help: string,
  range: readonly [number, number],
  short?: string,
): LimitFlag {
  return {
    name,
    limit: name,
    value,
    help,
    ...(short === undefined ? {} : {short}),
    read: (text, flag) => (/^(0|-1)$/.test(text) ? undefined : named(name, whole(text, flag, range))),
  };
}

function whole(text: string, flag: string, [least, most]: readonly [number, number]): string | Problem {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return `${number}`;
  const expected = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  return {problem: `${flag} expects a number, ${expected}, got "${text}"`};
}

function cpuset(name: string, help: string): LimitFlag {
  return {
    name,
    limit: name,
    value: 'LIST',
    help,
    read: (text, flag) => {
      if (text === '') return undefined;
      return /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text) && text.split(',').every(isForwards)
        ? {name, value: text}
        : {problem: `${flag} expects numbers and ranges such as 0-2,4, got "${text}"`};
    },
  };
}

function isForwards(range: string): boolean {
  const [first, last = first] = range.split('-');
  return Number(first) <= Number(last);
}

function device(
  name: string,
  value: string,
  help: string,
  range: readonly [number, number] = [1, 2 ** 32 - 1],
): LimitFlag {
  return {
    name,
    limit: name,
    value,
    help,
    read: (text, flag) => {
      const [, path = '', rate = ''] = /^(\/.+):([^:]+)$/.exec(text) ?? [];
      if (path === '') return {problem: `${flag} expects ${value}, got "${text}"`};
      if (/^0+$/.test(rate)) return undefined;
      const size = name.endsWith('bps') ? parseBytes(flag, rate) : whole(rate, flag, range);
      if (typeof size === 'string') return {name, value: `${path}:${size}`};
      return isProblem(size) ? size : {name, value: `${path}:${size.bytes}`};
    },
  };
}

function named(
  name: string,
  value: string | Problem,
): {readonly name: string; readonly value: string} | Problem {
  return typeof value === 'string' ? {name, value} : value;
}
