// Five hundred sandboxes of one helper at a time: what it holds of the machine is the same before and after them, and
// nothing stays of them when it is killed in their midst.

import {execFileSync} from 'node:child_process';
import {closeSync, type Dirent, openSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {HelperProcess} from '../../src/helper/helper-process.ts';
import {NetworkWorld, whyNoNetworks} from '../support/network-world.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';
import {until} from '../support/until.ts';

const reason = whyNotHere() ?? whyNoNetworks();
const parent = `tsbuild-many-${process.pid}`;

function parentOf(pid: string): string | undefined {
  try {
    return /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
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

  /** Runs that wait at the gate; every tenth has a network, and every tenth a limit. */
  function runAll(helper: HelperProcess, lease: string, count: number) {
    let begun = 0;
    const runs = Array.from({length: count}, async (_, index) => {
      const more = [
        `network=${index % 10 === 0 ? lease : 'none'}`,
        ...(index % 10 === 5 ? [`cgroup=${parent}`, 'limit=pids:20'] : []),
        'arg=/bin/sh',
        'arg=-c',
        `arg=echo begun; : < /gate/opens; exit ${index % 100}`,
        'mount=cache',
        'target=/gate',
        `dir=${gate}`,
      ];
      const result = await helper.request('run', [...sandboxes.newLayer().view, ...more], {
        onStdout: () => {
          begun++;
        },
      });
      return Number(result.get('exit'));
    });
    return {runs, begun: () => begun};
  }

  function ownMounts(): readonly string[] {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    return lines.filter((line) => line.includes(sandboxes.directory));
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
      devices: world.inRouter('ip', '-brief', 'link').match(/^\S+/gm),
    };
  }

  it('five hundred at a time leave nothing', async () => {
    const {helper, pid, lease} = await begin();
    const before = held(pid);
    const {runs, begun} = runAll(helper, lease, 500);
    const ends = Promise.all(runs);
    ends.catch(() => {});
    for (let waited = 0; waited < 200_000 && begun() < runs.length; waited += 50) await sleep(50);
    expect(begun()).toBe(500);
    expect(descendantsOf(pid).length).toBeGreaterThanOrEqual(1500);
    expect(groupsNow().length).toBeGreaterThanOrEqual(50);
    const opened = openSync(join(gate, 'opens'), 'w');
    expect(await ends).toEqual(runs.map((_, index) => index % 100));
    closeSync(opened);
    await world.left();
    expect(held(pid)).toEqual(before);
  }, 300_000);

  it('nor does a helper that is killed while they run', async () => {
    const {helper, pid, lease} = await begin();
    const {runs, begun} = runAll(helper, lease, 60);
    const ends = Promise.allSettled(runs);
    await until(() => begun() > 30);
    const all = descendantsOf(pid);
    process.kill(Number(pid), 'SIGKILL');
    expect((await ends).every(({status}) => status === 'rejected')).toBe(true);
    await until(() => all.every((one) => parentOf(one) === undefined));
    expect(await world.left()).toEqual([]);
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
