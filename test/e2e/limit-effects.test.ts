// What limits do, each of them, to a RUN step of a build and to `tsbuild run`: what the files of its control group say,
// and what the kernel then counts there, or lets it have. limits.test.ts is what is told of them.

import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {type Run, type Running, type Workspace, workspaceWithBases} from './command.ts';
import {asOrdinaryUser, ownState} from './ordinary-user.ts';
import {needMemoryController, needRoot, type Skippable, skip} from './requirements.ts';

const parent = `tsbuild-e2e-${process.pid}-effects`;
const groups = '/sys/fs/cgroup';
const isUnified = existsSync(join(groups, 'cgroup.controllers'));
const hierarchies = isUnified
  ? [groups]
  : ['memory', 'cpu', 'cpuset', 'blkio', 'pids'].map((name) => join(groups, name)).filter(existsSync);

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterEach(() => {
  for (const place of hierarchies) if (existsSync(join(place, parent))) removeGroup(join(place, parent));
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

function removeGroup(path: string): void {
  for (const entry of readdirSync(path, {withFileTypes: true}))
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  rmdirSync(path);
}

const ways = ['a RUN step', 'tsbuild run'] as const;
type Way = (typeof ways)[number];

/** A shell script, as the one or the other; what it says is on stderr of the first, stdout of the second. */
async function start(
  way: Way,
  flags: readonly string[],
  script: string,
  wrapper?: string[],
): Promise<Running> {
  const options = wrapper === undefined ? {} : {wrapper};
  if (way === 'tsbuild run') return space.start(['run', ...flags, 'busybox', 'sh', '-c', script], options);
  const context = await space.context({
    Dockerfile: `FROM busybox\nRUN ["sh", "-c", ${JSON.stringify(script)}]\n`,
  });
  return space.start(['build', '--progress', 'plain', '--no-cache', ...flags, context], options);
}

/** Lines `NAME=VALUE` that the script has written. */
function saidBy({stdout, stderr}: Run): Record<string, string> {
  const lines = `${stdout.toString()}\n${stderr}`.matchAll(/^(?:#\d+ [\d.]+ )?([a-z]+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value.trim()]));
}

/** Directories of the group of a step, by name, when it has come to its `sleep`, and that process. */
async function heldAt(running: Running): Promise<{readonly places: string[]; readonly pid: number}> {
  for (let waited = 0; waited < 60_000 && running.child.exitCode === null; waited += 20) {
    const places = hierarchies
      .map((place) => join(place, parent))
      .filter(existsSync)
      .flatMap((place) =>
        readdirSync(place)
          .filter((name) => name.startsWith('tsbuild-'))
          .map((name) => join(place, name)),
      );
    const members = places.flatMap((place) => textOf(join(place, 'cgroup.procs')).split('\n'));
    const pid = members.find((member) => textOf(`/proc/${member}/comm`) === 'sleep\n');
    if (pid !== undefined) return {places, pid: Number(pid)};
    await sleep(20);
  }
  throw new Error(`it never slept:\n${running.said()}`);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

interface Disk {
  readonly path: string;
  readonly number: string;
}

/** The whole disk that the state of builds lies on: limits are for those. */
function needDisk(test: Skippable): Disk {
  needRoot(test);
  const {dev} = statSync(space.folder);
  const number = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
  const link = `/sys/dev/block/${number}`;
  if (!existsSync(link)) skip(test, 'the files of builds lie on no disk');
  const place = execFileSync('readlink', ['-f', link], {encoding: 'utf8'}).trim();
  const disk = existsSync(join(place, 'partition')) ? dirname(place) : place;
  const path = `/dev/${basename(disk)}`;
  if (!existsSync(path)) skip(test, `there is no ${path}`);
  return {path, number: textOf(join(disk, 'dev')).trim()};
}

describe.each(ways)('limits of %s', (way) => {
  it('are in the files of its groups, each of them, and the processor is held back', async (test) => {
    needMemoryController(test);
    const disk = needDisk(test);
    const flags = [
      ...['--memory=64m', '--memory-swap=96m', '--cpu-shares=512', '--cpu-period=50000', '--cpu-quota=2000'],
      ...['--cpuset-cpus=0', '--cpuset-mems=0', '--pids-limit=77', '--blkio-weight=300'],
      ...[`--device-read-bps=${disk.path}:1mb`, `--device-write-bps=${disk.path}:2MiB`],
      ...[`--device-read-iops=${disk.path}:30`, `--device-write-iops=${disk.path}:40`],
      ...(way === 'tsbuild run' ? ['--memory-reservation=32m'] : []),
    ];
    // A twenty-fifth of a processor: less than any busy machine would give it anyway.
    const busy = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 60';
    const running = await start(way, ['--cgroup-parent', `/${parent}`, ...flags], busy);
    const {places, pid} = await heldAt(running);
    const files = (...names: readonly string[]): string[] =>
      names.map((name) =>
        places
          .map((place) => textOf(join(place, name)))
          .join('')
          .trim(),
      );
    try {
      expectOf(files, disk, way === 'tsbuild run' ? `${32 * 1024 ** 2}` : undefined);
    } finally {
      process.kill(pid);
    }
    const {code} = await running.done;
    expect(code).toBe(way === 'tsbuild run' ? 143 : 1);
    expect(places.filter(existsSync)).toEqual([]);
  });

  it('slow reads and writes of a disk down', async (test) => {
    const disk = needDisk(test);
    needMemoryController(test);
    const write = 'dd if=/dev/zero of=/written bs=64k count=16 oflag=direct 2>/dev/null';
    const read = 'dd if=/written of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null';
    const now = (name: string): string => `read up rest < /proc/uptime; echo ${name}=$up`;
    const script = [now('first'), write, now('second'), read, now('third')].join('; ');
    // Each of the four in one of the two ways; that all are set in both is told above.
    const [writes, reads] = way === 'a RUN step' ? ['bps', 'iops'] : ['iops', 'bps'];
    const rates: Readonly<Record<string, string>> = {bps: '400k', iops: '6'};
    const flags = [
      `--device-write-${writes}=${disk.path}:${rates[writes]}`,
      `--device-read-${reads}=${disk.path}:${rates[reads]}`,
    ];
    const run = await (await start(way, flags, script)).done;
    expect(run.code, run.stderr).toBe(0);
    const {first, second, third} = saidBy(run);
    // Of 1 MiB, or 16 requests, a first part is free; without limits it takes less than a tenth.
    expect(Number(second) - Number(first)).toBeGreaterThan(1);
    expect(Number(third) - Number(second)).toBeGreaterThan(1);
  });

  it('hold for processors, processes, shared memory and files', async (test) => {
    needMemoryController(test);
    const flags = ['--cpuset-cpus=0', '--pids-limit=12', '--shm-size=7m', '--ulimit=nofile=64:128'];
    const run = await (await start(way, flags, `${insideScript}; ${forkScript}`)).done;
    expect(saidBy(run)).toMatchObject({cpus: '0', shm: '7168', soft: '64', hard: '128'});
    expect(run.stdout.toString() + run.stderr).toMatch(/fork/);
    expect(saidBy(run)['started']).toBeUndefined();
  });
});

/** What the files say of the flags above; `reserved`: of --memory-reservation. */
function expectOf(
  files: (...names: readonly string[]) => string[],
  disk: Disk,
  reserved: string | undefined,
): void {
  if (isUnified) {
    expect(files('memory.max', 'memory.swap.max', 'cpu.weight', 'cpu.max', 'pids.max')).toEqual([
      `${64 * 1024 ** 2}`,
      `${32 * 1024 ** 2}`,
      '20',
      '2000 50000',
      '77',
    ]);
    const all = `${disk.number} rbps=1048576 wbps=2097152 riops=30 wiops=40`;
    expect(files('cpuset.cpus', 'cpuset.mems', 'io.max')).toEqual(['0', '0', all]);
    if (reserved !== undefined) expect(files('memory.low')).toEqual([reserved]);
  } else {
    expect(files('memory.limit_in_bytes', 'memory.memsw.limit_in_bytes')).toEqual([
      `${64 * 1024 ** 2}`,
      `${96 * 1024 ** 2}`,
    ]);
    expect(files('cpu.shares', 'cpu.cfs_period_us', 'cpu.cfs_quota_us')).toEqual(['512', '50000', '2000']);
    expect(files('cpuset.cpus', 'cpuset.mems', 'pids.max')).toEqual(['0', '0', '77']);
    const throttle = (name: string): string[] => files(`blkio.throttle.${name}_device`);
    expect(throttle('read_bps')).toEqual([`${disk.number} 1048576`]);
    expect(throttle('write_bps')).toEqual([`${disk.number} 2097152`]);
    expect(throttle('read_iops')).toEqual([`${disk.number} 30`]);
    expect(throttle('write_iops')).toEqual([`${disk.number} 40`]);
    if (reserved !== undefined) expect(files('memory.soft_limit_in_bytes')).toEqual([reserved]);
  }
  const weights = ['blkio.weight', 'blkio.bfq.weight', 'io.bfq.weight', 'io.weight'].flatMap((name) =>
    files(name),
  );
  expect(weights.join(' ')).toMatch(/\b(300|2930)\b/);
  expect(Number(/^nr_throttled (\d+)$/m.exec(files('cpu.stat').join(''))?.[1])).toBeGreaterThan(1);
}

const insideScript = [
  'echo cpus=$(grep Cpus_allowed_list /proc/self/status | cut -f 2)',
  "echo shm=$(df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2)",
  'echo soft=$(ulimit -n); echo hard=$(ulimit -Hn)',
].join('; ');
const forkScript = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 5 & done; echo started=1';

describe('limits without a control group', () => {
  it('are an ordinary user’s as well', async (test) => {
    needRoot(test);
    const user = asOrdinaryUser(test);
    const root = await ownState(space, user, 'effects-state');
    const context = await space.context({Dockerfile: `FROM busybox\nRUN ${insideScript}\n`});
    const flags = ['--progress', 'plain', '--shm-size=7m', '--ulimit=nofile=64:128'];
    const run = await space.run(['build', ...flags, context], {root, ...user});
    expect(run.code, run.stderr).toBe(0);
    expect(saidBy(run)).toMatchObject({shm: '7168', soft: '64', hard: '128'});
  });
});

describe('shares of a processor', () => {
  it('are what busy runs get of it', async (test) => {
    needMemoryController(test);
    const script = 'timeout -s KILL 3 sh -c "while :; do :; done"; times';
    const both = ['1024', '128'].map((shares) =>
      start('tsbuild run', ['--cpuset-cpus=0', `--cpu-shares=${shares}`], script).then(({done}) => done),
    );
    const [more = 0, less = 0] = (await Promise.all(both)).map(({stdout}) => {
      const [, minutes, seconds] = /\n(\d+)m([\d.]+)s/.exec(stdout.toString()) ?? [];
      return Number(minutes) * 60 + Number(seconds);
    });
    // One begins before the other, and has the processor for itself: less than eight to one.
    expect(more / less, `${more} s and ${less} s`).toBeGreaterThan(2);
  });
});

describe('memory that was short elsewhere', () => {
  /** A group above the step's. */
  function limitedParent(hierarchy: string, bytes: number): string {
    const place = join(hierarchy, parent);
    mkdirSync(place);
    writeFileSync(join(place, isUnified ? 'memory.max' : 'memory.limit_in_bytes'), `${bytes}`);
    return place;
  }

  it.each(ways)('is told of as such where the limit is the one of a group above: %s', async (way) => {
    const test: Skippable = {skip: (): never => expect.unreachable()};
    limitedParent(needMemoryController(test), 48 * 1024 ** 2);
    const flags = ['-m', '1g', '--cgroup-parent', parent];
    const {done} = await start(way, flags, 'tail /dev/zero; exit $?');
    const {code, stderr} = await done;
    expect(code).toBe(way === 'tsbuild run' ? 137 : 1);
    expect(stderr).toMatch(
      /out of memory: a process was killed below the limit of 1 GiB \(peak [\d.]+ MiB\): the machine, or a control group above/,
    );
  });

  it.each(ways)('is told of where the step has no group: %s', async (way) => {
    const test: Skippable = {skip: (): never => expect.unreachable()};
    const place = limitedParent(needMemoryController(test), 400 * 1024 ** 2);
    const wrapper = ['sh', '-c', `echo $$ > ${place}/cgroup.procs && exec "$@"`, 'sh'];
    const {done} = await start(way, [], 'dd if=/dev/zero of=/dev/null bs=1G count=1; exit $?', wrapper);
    const {code, stderr} = await done;
    expect(code).toBe(way === 'tsbuild run' ? 137 : 1);
    expect(stderr).toMatch(/out of memory: the kernel has killed \S+ process(es)? of this machine meanwhile/);
  });
});

describe('what a step used', () => {
  it('is told of one that failed, and of one whose time was over', async () => {
    const usageOf = async (command: string, ...flags: string[]): Promise<unknown> => {
      const context = await space.context({Dockerfile: `FROM busybox\nRUN ${command}\n`});
      const run = await space.run(['build', '--progress', 'rawjson', ...flags, context]);
      expect(run.code).toBe(1);
      const vertexes = run.stderr
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .flatMap((line) => (JSON.parse(line) as {vertexes?: {usage?: object}[]}).vertexes ?? []);
      return vertexes.findLast(({usage}) => usage !== undefined)?.usage;
    };
    const some = expect.objectContaining({cpuMs: expect.any(Number), memoryBytes: expect.any(Number)});
    expect(await usageOf('dd if=/dev/zero of=/dev/null bs=1M count=20; exit 3')).toEqual(some);
    const late = await usageOf('dd if=/dev/zero of=/dev/null', '--step-timeout', '1s');
    expect(late).toEqual(some);
    expect(late).toMatchObject({wallMs: expect.toSatisfy((ms: number) => ms >= 800)});
  });
});
