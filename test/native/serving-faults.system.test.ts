// A helper that serves has workers which do one step after the other (ADR 30). Each call of such a worker, of the one
// that begins its payload, and of the payload fails once: in its first step, while it rests, while it gets the next
// sandbox ready, in its second step and in its third. Each time there is at most one error, which says what was being
// done, no step hangs, the next one on that helper goes well, and in the end the helper holds no more than after steps
// without a fault: one worker less may rest. One call of each kind is tried always, all of them with
// TSBUILD_SLOW_TESTS=1.

import {chmodSync, existsSync, readdirSync, readFileSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {HelperProcess} from '../../src/helper/helper-process.ts';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {childrenOf} from '../support/children-of.ts';
import {
  buildInjector,
  callsIn,
  mayPass,
  type Role,
  type Site,
  sweeps,
  wordsOf,
} from '../support/injected-faults.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

/** The third process that the helper begins: the spare of the second step, which does the third, fifth and seventh. */
const worker = '0.2';
const steps = 7;
const lanes = [0, 1];
const hangMs = 30_000;

/** Of what comes of that worker: in each step the first process of the sandbox, and the one that begins the payload. */
function roleOf(process: string): Role | undefined {
  const [, child, grandchild] = /^0\.2\.(\d+)(\.0)?$/.exec(process) ?? [];
  if (child === undefined) return process === worker ? 0 : undefined;
  if (grandchild !== undefined) return 3;
  return Number(child) % 2 === 0 ? 1 : 2;
}

/** In a step a fault is the step's affair; before its request and after its answer another worker may take over. */
type Stage = 'prepares' | 'step' | 'leaves' | 'rests';

interface Place extends Site {
  readonly role: Role;
  readonly stage: Stage;
  /** Which step of the worker it is, from 1; what it prepares is for the next one. */
  readonly turn: number;
}

/** What a worker does at first in a stage. */
const beginnings: Readonly<Record<Stage, readonly [call: string, next: Stage]>> = {
  prepares: ['recvmsg', 'step'],
  step: ['setns', 'leaves'],
  leaves: ['close_range', 'rests'],
  rests: ['mount', 'prepares'],
};

function placesOf(sites: readonly Site[]): Place[] {
  let stage: Stage = 'prepares';
  let turn = 1;
  return sites.flatMap((site): Place[] => {
    const role = roleOf(site.process);
    if (role === undefined) return [];
    const child = Number(site.process.split('.')[2]);
    if (role !== 0)
      return [{...site, role, stage: role === 1 ? 'prepares' : 'step', turn: Math.floor(child / 2) + 1}];
    const [last, next]: readonly [string, Stage] = beginnings[stage];
    if (next === 'prepares' && site.call === last) [stage, turn] = [next, turn + 1];
    const place = {...site, role, stage, turn};
    if (next !== 'prepares' && site.call === last) stage = next;
    return [place];
  });
}

/** One call of each kind: in two steps of the worker, between them, and of its children in the second. */
function oneOfEachKind(places: readonly Place[]): Place[] {
  const seen = new Set<string>();
  const isFirst = (name: string): boolean => !seen.has(name) && seen.add(name).has(name);
  const inTurn = (wanted: number, ...stages: readonly Stage[]): Place[] =>
    places.filter(({turn, stage}) => turn === wanted && stages.includes(stage));
  const nameOf = ({role, call}: Place): string => `${role} ${call}`;
  const first = inTurn(1, 'step').filter(({role, call}) => role !== 3 && isFirst(`first ${role} ${call}`));
  const rest = inTurn(1, 'leaves', 'rests').filter(({stage, call}) => isFirst(`${stage} ${call}`));
  const second = inTurn(2, 'step').filter((place) => isFirst(nameOf(place)));
  const prepared = inTurn(2, 'prepares').filter((place) => isFirst(nameOf(place)));
  const third = inTurn(3, 'step', 'leaves').filter((place) => isFirst(nameOf(place)));
  return [...first, ...rest, ...prepared, ...second, ...third];
}

/** Of two texts with the same counts in them: whether one of the first is larger. */
function isMore(found: string, usual: string): boolean {
  const counts = usual.match(/\d+/g) ?? [];
  return (found.match(/\d+/g) ?? []).some((count, at) => Number(count) > Number(counts[at]));
}

interface Outcome {
  readonly hangs: boolean;
  /** What steps that failed say, with their number; the last ones are after all that were asked for. */
  readonly failures: readonly string[];
  readonly lastFailed: boolean;
  readonly held: string;
  readonly groups: readonly string[];
}

describe.skipIf(whyNotHere() !== undefined)(
  'when a system call fails in a worker that does many steps',
  () => {
    const world = worldWithMountPoints();
    const parents = lanes.map((lane) => `tsbuild-serving-faults-${process.pid}-${lane}`);
    let inject: string;
    let held: string;

    beforeAll(() => {
      inject = buildInjector(world);
    });
    afterAll(async () => {
      await world.close();
      for (const place of groupPlaces(parents)) rmdirSync(place);
    });

    function log(lane: number): string {
      return world.path(`log-${lane}`);
    }

    /** All steps one after the other, in which one call fails. */
    async function serve(lane: number, site?: Place): Promise<Outcome> {
      const words = [inject, ...wordsOf(site), log(lane), locateHelper(process.env)];
      const path = world.write(`helper-${lane}.sh`, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
      chmodSync(path, 0o755);
      const before = new Set(childrenOf(process.pid));
      const helper = new HelperProcess({path});
      const [injector = 0] = childrenOf(process.pid).filter((pid) => !before.has(pid));
      const failures: string[] = [];
      let hangs = false;
      let lastFailed = false;
      const step = async (number: number): Promise<void> => {
        const limited = number === steps ? ['limit=pids:50', `cgroup=${parents[lane]}`] : [];
        const args = [...world.newLayer().view, 'network=none', ...limited, 'arg=/bin/true'];
        const run = helper.request('run', args).then(
          (result) => expect(result.get('exit')).toBe('0'),
          (error: Error & {phase?: string}) =>
            void failures.push(`${number}. ${error.phase}: ${error.message}`),
        );
        const failed = failures.length;
        await run;
        lastFailed = failures.length > failed;
      };
      const watch = setTimeout(() => {
        hangs = true;
        process.kill(injector, 'SIGKILL');
      }, hangMs);
      // The worker has every second one, from the third on; two more, and there are two workers again.
      const last = site === undefined ? steps + 2 : 2 * site.turn + 3;
      for (let number = 1; number <= last && !hangs; number++) await step(number);
      if (hangs) return {hangs, failures, lastFailed, held: '', groups: []};
      const [serving = 0] = childrenOf(injector).filter((pid) => commandOf(pid).includes('serve'));
      const found = await settled(() => heldBy(serving, injector), held);
      await helper.close();
      clearTimeout(watch);
      const groups = groupPlaces(parents.filter((_, of) => of === lane)).flatMap(groupsBelow);
      for (const group of groups) rmdirSync(group);
      return {hangs, failures, lastFailed, held: found, groups};
    }

    /** What is wrong with how the steps went; nothing, if all is well. */
    function judge({process: of, role, call, occurrence, stage}: Place, outcome: Outcome): string[] {
      const {hangs, failures, lastFailed} = outcome;
      const faults = [
        hangs && `does not end: ${failures.join(' | ')}`,
        !hangs &&
          failures.length === 0 &&
          stage === 'step' &&
          !mayPass(role, call) &&
          'the failure goes unnoticed',
        failures.length > 1 && `says more than once: ${failures.join(' | ')}`,
        failures.length > 0 &&
          !/^\d\. [a-z-]+: [^\n]{10,}$/.test(failures[0] ?? '') &&
          `says: ${failures[0]}`,
        lastFailed && `the next step fails: ${failures.at(-1)}`,
        !hangs && isMore(outcome.held, held) && `the helper holds ${outcome.held} and not ${held}`,
        outcome.groups.length > 0 && !sweeps(role, call) && `leaves ${outcome.groups.join()}`,
      ];
      return faults
        .filter((fault) => fault !== false)
        .map((fault) => `${of} ${call} (${occurrence}.): ${fault}`);
    }

    async function tryAll(wanted: (places: readonly Place[]) => readonly Place[]): Promise<void> {
      const clean = await serve(0);
      expect(clean).toMatchObject({hangs: false, failures: []});
      held = clean.held;
      const all = placesOf(callsIn(log(0)));
      for (const child of [0, 1, 2, 3, 4, 5])
        expect(all.map((place) => place.process)).toContain(`0.2.${child}`);
      const places = [...wanted(all)];
      expect(places.length).toBeGreaterThan(100);
      const faults: string[] = [];
      const work = async (lane: number): Promise<void> => {
        for (let place = places.shift(); place !== undefined; place = places.shift())
          faults.push(...judge(place, await serve(lane, place)));
      };
      await Promise.all(lanes.map(work));
      expect(faults).toEqual([]);
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(world.directory);
    }

    it('there is one clear error, and the next step goes well', () => tryAll(oneOfEachKind), 600_000);

    it.skipIf(process.env['TSBUILD_SLOW_TESTS'] !== '1')(
      'also at every call of a kind',
      () => tryAll((places) => places),
      3_600_000,
    );
  },
);

/** As the roots of a build are: a worker that has to make mount points does one step only. */
function worldWithMountPoints(): SandboxWorld {
  const world = new SandboxWorld();
  for (const name of ['dev', 'proc', 'sys', 'tmp']) world.makeDirectory(`base/${name}`);
  return world;
}

/** What is found when it is as wanted, or does not change any more. */
async function settled(look: () => string, wanted: string | undefined): Promise<string> {
  let found = look();
  for (let quiet = 0; found !== wanted && quiet < 20; ) {
    await sleep(20);
    const now = look();
    quiet = now === found ? quiet + 1 : 0;
    found = now;
  }
  return found;
}

/** Of one that has ended it is empty. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/**
 * What the helper has beside four descriptors for each worker that rests, processes that are not its own, and those
 * that have ended and that it has not waited for.
 */
function heldBy(serving: number, injector: number): string {
  const descriptors = readdirSync(`/proc/${serving}/fd`).length;
  const children = childrenOf(serving);
  const workers = children.filter((pid) => commandOf(pid) !== '').length;
  const others = `${childrenOf(injector).length - 1} processes, ${children.length - workers} zombies`;
  return `${descriptors - 4 * workers} descriptors, ${others}`;
}

function groupsBelow(place: string): string[] {
  if (!existsSync(place)) return [];
  const entries = readdirSync(place, {withFileTypes: true});
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(place, entry.name));
}

function groupPlaces(parents: readonly string[]): string[] {
  const hierarchies = ['/sys/fs/cgroup', ...groupsBelow('/sys/fs/cgroup')];
  const places = hierarchies.flatMap((place) => parents.map((parent) => join(place, parent)));
  return places.filter((place) => existsSync(place));
}
