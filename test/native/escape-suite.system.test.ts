// Attempts at getting out of a sandbox, each with what holds it, and the proof that without that it would succeed. Run
// as root and as an ordinary user; docs/escape-suite.md has the list, with podman's result beside ours.

import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, describe, expect, it, type TestContext} from 'vitest';
import {needCommand, skip} from '../e2e/requirements.ts';
import {whyNotHere} from '../support/sandbox-world.ts';
import {type Control, guards} from './escape/guards.ts';
import {Hideout, type Outcomes} from './escape/hideout.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/escape-suite.md'), 'utf8');

describe.skipIf(whyNotHere() !== undefined)('the escape suite', {timeout: 180_000}, () => {
  let making: Promise<Hideout> | undefined;
  let trying: Promise<Trial> | undefined;
  afterAll(async () => (await making)?.close());

  function hideout(test: TestContext): Promise<Hideout> {
    needCommand(test, 'gcc');
    making ??= Hideout.make();
    return making;
  }

  async function trial(test: TestContext): Promise<Trial> {
    const place = await hideout(test);
    trying ??= tryWithoutGuards(place);
    return trying;
  }

  it('has a guard and a control for every attempt', async (test) => {
    expect((await hideout(test)).names()).toEqual([...guards.keys()]);
    expect(guards.size).toBeGreaterThanOrEqual(60);
  });

  it('holds every attempt of root', async (test) => {
    expect(escapesIn(await (await hideout(test)).ours('root'))).toEqual([]);
  });

  it('holds every attempt in the sandbox of an ordinary user', async (test) => {
    needCommand(test, 'setpriv');
    expect(escapesIn(await (await hideout(test)).ours('rootless'))).toEqual([]);
  });

  it('holds them in workers that do one step after the other, and nothing of one is in the next', async (test) => {
    needCommand(test, 'setpriv');
    for (const form of ['root', 'rootless'] as const) {
      const {attempts, first, after, workers} = await (await hideout(test)).inSuccession(form);
      expect(workers.size).toBe(2);
      expect(attempts.map(escapesIn)).toEqual([[], []]);
      for (const facts of after) expect(facts).toBe(first);
      expect(first).toContain(' /dev/shm ');
    }
  });

  it('would hold none of them without its guard', async (test) => {
    const {proven, absent, held} = await trial(test);
    process.stderr.write(`escape suite: ${proven.length} proven; not in this kernel: ${absent.join(' ')}\n`);
    expect(held).toEqual([]);
    expect(proven.length).toBeGreaterThanOrEqual(60);
  });

  it('is told on its page, guard by guard', () => {
    const told = rows().map(({attempt, guard}) => [attempt, guard]);
    expect(told).toEqual([...guards].map(([attempt, {guard}]) => [attempt, guard]));
    expect(rows().filter(({ours}) => ours.root !== 'held' || ours.rootless !== 'held')).toEqual([]);
  });

  it("has podman's result on its page, for the version that is named there", async (test) => {
    needCommand(test, 'podman');
    const version = execFileSync('podman', ['--version'], {encoding: 'utf8'}).split(' ').at(-1)?.trim();
    if (!page.includes(`podman ${version}`)) skip(test, `the page does not tell of podman ${version}`);
    const {absent} = await trial(test);
    const place = await hideout(test);
    const differing = (['root', 'rootless'] as const).flatMap((form) => {
      const outcomes = place.podman(form);
      if (typeof outcomes === 'string') skip(test, `podman cannot run here (${form}): ${outcomes}`);
      return rows()
        .filter(({attempt}) => !absent.includes(attempt))
        .filter((row) => (outcomes.get(row.attempt) === 'escaped') !== (row.podman[form] === 'done'))
        .map(({attempt}) => `${attempt} (${form}): ${outcomes.get(attempt)}`);
    });
    expect(differing).toEqual([]);
  });
});

function escapesIn(outcomes: Outcomes): string[] {
  expect([...outcomes.keys()]).toEqual([...guards.keys()]);
  return [...outcomes].filter(([, outcome]) => outcome === 'escaped').map(([name]) => name);
}

interface Trial {
  /** Attempts that succeeded without their guard. */
  readonly proven: readonly string[];
  /** Attempts on things that this kernel does not have. */
  readonly absent: readonly string[];
  /** Attempts that something else held: the suite proves nothing about these. */
  readonly held: readonly string[];
}

async function tryWithoutGuards(hideout: Hideout): Promise<Trial> {
  const of = (form: Control) =>
    [...guards].filter(([, {succeeds}]) => succeeds === form).map(([name]) => name);
  const without: Readonly<Record<Control, Outcomes>> = {
    outside: hideout.outside(of('outside')),
    chroot: hideout.chrooted('host', of('chroot')),
    'chroot-of-init': hideout.chrooted('own', of('chroot-of-init')),
    unfiltered: await hideout.ours('unfiltered'),
    'host-network': await hideout.ours('host-network'),
    insecure: await hideout.ours('insecure'),
  };
  const trial = {proven: [] as string[], absent: [] as string[], held: [] as string[]};
  for (const [name, {succeeds}] of guards) {
    const outcome = without[succeeds].get(name) ?? 'nothing';
    if (outcome === 'escaped') trial.proven.push(name);
    else if (isAbsence(outcome, succeeds)) trial.absent.push(name);
    else trial.held.push(`${name}: ${outcome} (${succeeds})`);
  }
  return trial;
}

/** What was planted outside is there; what belongs to the kernel may not be. */
function isAbsence(outcome: string, form: Control): boolean {
  if (outcome === 'ENOSYS') return true;
  const missing = ['ENOENT', 'ENXIO', 'ENODEV', 'EAFNOSUPPORT', 'EOPNOTSUPP'];
  return (form === 'insecure' || form === 'unfiltered') && missing.includes(outcome);
}

type Results = Readonly<Record<'root' | 'rootless', string>>;

interface Row {
  readonly attempt: string;
  readonly guard: string;
  readonly ours: Results;
  readonly podman: Results;
}

function rows(): Row[] {
  const row = /^\| `([^`]+)` \| ([^|]+) \| (\w+) \| (\w+) \| (\w+) \| (\w+) \|$/gm;
  return [...page.matchAll(row)].map(([, attempt = '', guard = '', ...results]) => {
    const [root = '', rootless = '', podmanRoot = '', podmanRootless = ''] = results;
    const ours = {root, rootless};
    return {attempt, guard, ours, podman: {root: podmanRoot, rootless: podmanRootless}};
  });
}
