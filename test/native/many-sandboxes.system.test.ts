// Five hundred sandboxes of one helper at a time, of which some are cancelled and some killed: what it holds of the
// machine is the same before and after them, and nothing stays of them when it is killed in their midst.

import {execFileSync} from 'node:child_process';
import {setMaxListeners} from 'node:events';
import {closeSync, type Dirent, openSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {HelperProcess} from '../../src/helper/helper-process.ts';
import {NetworkWorld, whyNoNetworks} from '../support/network-world.ts';
import {whyMissing} from '../support/packages.mjs';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';
import {until} from '../support/until.ts';

const reason = whyNotHere() ?? whyNoNetworks() ?? whyMissing('nft');
const parent = `tsbuild-many-${process.pid}`;

/** Its state ("Z": it has ended, and nobody has waited for it) and its parent's number; neither of one that has gone. */
function factsOf(pid: string): {state?: string; parent?: string} {
  try {
    const [, state = '', above = ''] =
      /^\d+ \(.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return {state, parent: above};
  } catch {
    return {};
  }
}

function parentOf(pid: string): string | undefined {
  return factsOf(pid).parent;
}

function descendantsOf(ancestor: string): string[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => [pid, parentOf(pid)]),
  );
  const comesOfIt = (pid: string): boolean => {
    const above = parents.get(pid);
    return above !== undefined && (above === ancestor || comesOfIt(above));
  };
  return [...parents.keys()].filter(comesOfIt);
}

function isToBeKilled(pid: string): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('# signal 9');
}

function groupsBelow(place: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(place, {withFileTypes: true});
  } catch {
    return [];
  }
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(place, entry.name));
}

/** Groups of runs, in every hierarchy of either version. */
function groupsNow(): string[] {
  return ['/sys/fs/cgroup', ...groupsBelow('/sys/fs/cgroup')].flatMap((place) =>
    groupsBelow(join(place, parent)),
  );
}

describe.skipIf(reason !== undefined)('many sandboxes', () => {
  const sandboxes = new SandboxWorld();
  const world = new NetworkWorld(sandboxes);
  let gate: string;

  beforeAll(async () => {
    await world.start();
    // An address of IPv6 gets its route when the kernel has seen that nobody else has it.
    await until(() => !world.inRouter('ip', '-6', 'address').includes('tentative'));
    gate = sandboxes.makeDirectory('gate');
    execFileSync('mkfifo', [join(gate, 'opens')]);
  });
  afterAll(async () => {
    await world.close();
    await sandboxes.close();
    for (const place of ['/sys/fs/cgroup', ...groupsBelow('/sys/fs/cgroup')]) {
      const groups = groupsBelow(place).filter((path) => path.endsWith(`/${parent}`));
      if (groups.length > 0) execFileSync('rmdir', groups);
    }
  });

  /** The helper's number: it is the child of ours that was not there before. */
  async function begin(): Promise<{helper: HelperProcess; pid: string; lease: string}> {
    const before = new Set(descendantsOf(String(process.pid)));
    const helper = world.startHelper();
    const {argument} = await world.lease(helper);
    const pid = descendantsOf(String(process.pid)).find(
      (one) => !before.has(one) && parentOf(one) === String(process.pid),
    );
    if (pid === undefined) throw new Error('there is no helper');
    return {helper, pid, lease: argument};
  }

  /** How the run of that number ends: some are cancelled at the gate, some killed, and the others go through it. */
  function endOf(index: number): string {
    if (index % 7 === 1) return 'cancelled';
    return index % 7 === 2 ? 'signal 9' : `exit ${index % 100}`;
  }

  /** Runs that wait at the gate; every tenth has a network, every tenth a limit, and every twentieth has both. */
  function runAll(helper: HelperProcess, lease: string, count: number) {
    let begun = 0;
    const cancelling = new AbortController();
    setMaxListeners(count, cancelling.signal);
    const runs = Array.from({length: count}, async (_, index) => {
      const more = [
        `network=${index % 10 === 0 ? lease : 'none'}`,
        ...(index % 10 === 5 || index % 20 === 0 ? [`cgroup=${parent}`, 'limit=pids:20'] : []),
        'arg=/bin/sh',
        'arg=-c',
        `arg=echo begun; : < /gate/opens; exit ${index % 100} # ${endOf(index)}`,
        'mount=cache',
        'target=/gate',
        `dir=${gate}`,
      ];
      const request = helper.request('run', [...sandboxes.newLayer().view, ...more], {
        onStdout: () => {
          begun++;
        },
        ...(endOf(index) === 'cancelled' ? {signal: cancelling.signal} : {}),
      });
      const result = await request.catch((error: unknown) => {
        if (cancelling.signal.aborted) return undefined;
        throw error;
      });
      if (result === undefined) return 'cancelled';
      return result.has('signal') ? `signal ${result.get('signal')}` : `exit ${result.get('exit')}`;
    });
    return {runs, begun: () => begun, cancel: () => cancelling.abort()};
  }

  function ownMounts(): readonly string[] {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    return lines.filter((line) => line.includes(sandboxes.directory));
  }

  function routerHolds() {
    return {
      devices: world.inRouter('ip', '-brief', 'link').match(/^\S+/gm),
      routes: ['-4', '-6'].map((family) => world.inRouter('ip', family, 'route', 'show', 'table', 'all')),
      rules: ['-4', '-6'].map((family) => world.inRouter('ip', family, 'rule')),
      filters: world.inRouter('nft', 'list', 'ruleset'),
    };
  }

  function held(pid: string): Record<string, unknown> {
    return {
      descriptors: readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)).length,
      // The router has a mount namespace of its own, of which tests beside this one change nothing but how large a file
      // system may be that it has got with the others, and that one of theirs goes.
      mounts: readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
        .replaceAll(/,size=\d+k/g, '')
        .replaceAll(/^.* tsbuild-test .*\n/gm, ''),
      ours: ownMounts(),
      groups: groupsNow(),
      processes: descendantsOf(pid),
      zombies: descendantsOf(pid).filter((one) => factsOf(one).state === 'Z'),
      router: routerHolds(),
    };
  }

  it('five hundred at a time leave nothing', async () => {
    const {helper, pid, lease} = await begin();
    const before = held(pid);
    expect(before).toMatchObject({
      zombies: [],
      router: {filters: expect.stringContaining('table ip tsbuild-')},
    });
    const {runs, begun, cancel} = runAll(helper, lease, 500);
    const ends = Promise.all(runs);
    ends.catch(() => {});
    for (let waited = 0; waited < 200_000 && begun() < runs.length; waited += 50) await sleep(50);
    expect(begun()).toBe(500);
    expect(descendantsOf(pid).length).toBeGreaterThanOrEqual(1500);
    expect(groupsNow().length).toBeGreaterThanOrEqual(75);
    expect(routerHolds().devices?.filter((name) => name.startsWith('tsb'))).toHaveLength(50);
    for (const one of descendantsOf(pid).filter(isToBeKilled)) process.kill(Number(one), 'SIGKILL');
    cancel();
    await Promise.all(runs.filter((_, index) => !endOf(index).startsWith('exit')));
    const opened = openSync(join(gate, 'opens'), 'w');
    expect(await ends).toEqual(runs.map((_, index) => endOf(index)));
    closeSync(opened);
    await world.left();
    expect(held(pid)).toEqual(before);
  }, 300_000);

  it('nor does a helper that is killed while they run', async () => {
    const router = routerHolds();
    const {helper, pid, lease} = await begin();
    const {runs, begun} = runAll(helper, lease, 60);
    const ends = Promise.allSettled(runs);
    await until(() => begun() > 30);
    const all = descendantsOf(pid);
    process.kill(Number(pid), 'SIGKILL');
    expect((await ends).every(({status}) => status === 'rejected')).toBe(true);
    await until(() => all.every((one) => parentOf(one) === undefined));
    expect(await world.left()).toEqual([]);
    expect(routerHolds()).toEqual(router);
    expect(ownMounts()).toEqual([]);
    // Groups have no owner who could take them along: the next run does.
    const next = await begin();
    await next.helper.request('run', [
      ...sandboxes.newLayer().view,
      'network=none',
      `cgroup=${parent}`,
      'limit=pids:20',
      'arg=/bin/true',
    ]);
    expect(groupsNow()).toEqual([]);
  }, 300_000);
});
