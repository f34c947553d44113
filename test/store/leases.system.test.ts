import {spawn} from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {collecting, Leases, liveLeases, staleLeases} from '../../src/store/leases.ts';
import {socketLocks} from '../../src/store/lock.ts';
import {startTimeOf} from '../../src/store/process-start.ts';

let root: string;
const never = new AbortController().signal;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-leases-'));
});
afterEach(() => rmSync(root, {recursive: true}));

const folder = (): string => join(root, 'leases');

describe('a lease', () => {
  it('is seen by others while its process uses the directory', async () => {
    const leases = Leases.of(root);
    leases.begin();
    await leases.hold('snapshot', 'one');
    await leases.hold('blob', 'sha256:two');
    await leases.hold('snapshot', 'three');
    const live = liveLeases(root);
    expect([...live.snapshots]).toEqual(['one', 'three']);
    expect([...live.blobs]).toEqual(['sha256:two']);
    leases.end();
    expect(liveLeases(root).snapshots.size).toBe(0);
    expect(readdirSync(folder())).toEqual([]);
  });

  it('is not lost behind one of which a full disk took the beginning', async () => {
    const leases = Leases.of(root);
    await leases.hold('snapshot', 'one');
    const [name = ''] = readdirSync(folder());
    appendFileSync(join(folder(), name), 's tw');
    await leases.hold('snapshot', 'three');
    expect(liveLeases(root).snapshots).toContain('three');
  });

  it('is written once', async () => {
    const leases = Leases.of(root);
    for (let n = 0; n < 3; n++) await leases.hold('snapshot', 'same');
    const [name = ''] = readdirSync(folder());
    expect(readFileSync(join(folder(), name), 'utf8')).toBe('\ns same\n');
  });

  it('lasts until the last user of the process has ended', async () => {
    const leases = Leases.of(root);
    leases.begin();
    leases.begin();
    await leases.hold('snapshot', 'kept');
    leases.end();
    expect(liveLeases(root).snapshots.has('kept')).toBe(true);
    leases.end();
    expect(liveLeases(root).snapshots.has('kept')).toBe(false);
  });

  it('lapses with a process that was killed', async () => {
    const child = spawn('sleep', ['60']);
    const namespace = Leases.of(root);
    await namespace.hold('snapshot', 'mine');
    const [own = ''] = readdirSync(folder());
    const pid = child.pid ?? 0;
    const theirs = join(folder(), `${pid}.${startTimeOf(pid)}.${own.split('.')[2]}`);
    writeFileSync(theirs, 's theirs\n');
    expect([...liveLeases(root).snapshots].sort()).toEqual(['mine', 'theirs']);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    expect(staleLeases(root)).toEqual([theirs]);
    expect([...liveLeases(root).snapshots]).toEqual(['mine']);
    expect(existsSync(theirs)).toBe(false);
  });
});

describe('collecting', () => {
  it('sees what was held before, and lets nobody begin to hold before its end', async () => {
    const leases = Leases.of(root);
    await leases.hold('snapshot', 'before');
    let ended = false;
    let late: Promise<boolean> | undefined;
    const seen = await collecting(root, socketLocks(root), never, (live) => {
      late = leases.hold('snapshot', 'during').then(() => ended);
      return [...live.snapshots];
    });
    ended = true;
    expect(seen).toEqual(['before']);
    expect(await late).toBe(true);
  });

  it('makes everybody wait who asks for the same thing meanwhile', async () => {
    const leases = Leases.of(root);
    const holds: Promise<number>[] = [];
    let stage = 0;
    await collecting(root, socketLocks(root), never, () => {
      for (let n = 0; n < 2; n++) holds.push(leases.hold('snapshot', 'twice').then(() => stage));
    });
    stage = 1;
    expect(await Promise.all(holds)).toEqual([1, 1]);
  });

  it.each([
    ['a process that was killed', (flag: string) => symlinkSync('1.12345', flag)],
    ['a process that could not say who it is', (flag: string) => writeFileSync(flag, '')],
  ])('of %s holds nobody up', async (_, show) => {
    mkdirSync(folder());
    show(join(folder(), 'collecting'));
    const leases = Leases.of(root);
    await Promise.race([
      leases.hold('snapshot', 'x'),
      sleep(5000).then(() => Promise.reject(new Error('waits'))),
    ]);
    expect(staleLeases(root)).toEqual([join(folder(), 'collecting')]);
    await collecting(root, socketLocks(root), never, () => {});
    expect(staleLeases(root)).toEqual([]);
  });
});
