// Every system call that a run makes on its way to the process, and on its way back, fails once: in the worker, in the
// first process of the sandbox, in the payload and in the one that begins it. Each time there is an end, one error that
// says what was being done, and nothing left. Calls whose failure is rightly no failure of the run are named below,
// with the reason. The first call of each kind in each process is tried always, all of them with TSBUILD_SLOW_TESTS=1.

import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {basename, join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {skip} from '../e2e/requirements.ts';
import {
  buildInjector,
  callsIn,
  mayPass,
  roleInRun,
  type Site,
  sweeps,
  wordsOf,
} from '../support/injected-faults.ts';
import {NetworkWorld, whyNoNetworks} from '../support/network-world.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

const whyNot = whyNotHere();

interface Ending {
  readonly status: number | undefined;
  readonly stderr: string;
  readonly layer: readonly string[];
  readonly groups: readonly string[];
}

function groupsBelow(place: string): string[] {
  if (!existsSync(place)) return [];
  const entries = readdirSync(place, {withFileTypes: true});
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(place, entry.name));
}

/** Where it was the taking away that failed, the error names what could not be taken away. */
function saysWhatIsLeft(stderr: string, left: readonly string[]): boolean {
  const name = /^tsbuild-helper: rootfs: \/?(\S+): cannot (take|look|open|restore)/.exec(stderr)?.[1];
  const named = left.find((path) => name !== undefined && basename(path) === name);
  return named !== undefined && left.every((path) => `${named}/`.startsWith(`${path}/`));
}

/** How the helper is started, and with what requests beside those that all have. */
interface Manner {
  readonly before: readonly string[];
  readonly helper: string;
  readonly base: string;
  readonly request: (lane: number) => readonly string[];
  readonly owner?: number;
  /** What else a run may leave. */
  readonly left?: () => Promise<readonly string[]>;
}

const user = 54_323;

function whyNoUser(): string | undefined {
  const {status} = spawnSync('unshare', ['--user', 'true'], {uid: user, gid: user});
  return status === 0 ? undefined : 'ordinary users cannot make user namespaces here';
}

describe.skipIf(whyNot !== undefined)('when a system call of a run fails', () => {
  const world = new SandboxWorld();
  const networks = new NetworkWorld(world);
  const parents = [0, 1].map((lane) => `tsbuild-faults-${process.pid}-${lane}`);
  let inject: string;

  beforeAll(() => {
    inject = buildInjector(world);
  });
  afterAll(async () => {
    for (const place of groupPlaces()) if (existsSync(place)) rmdirSync(place);
    await networks.close();
    await world.close();
  });

  const asRoot: Manner = {
    before: [],
    helper: locateHelper(process.env),
    base: world.base,
    request: (lane) => ['network=none', 'limit=pids:50', `cgroup=${parents[lane]}`],
  };

  function asUser(): Manner {
    const binary = world.path('helper-of-user');
    execFileSync('cp', [locateHelper(process.env), binary]);
    const base = world.path('base-of-user');
    execFileSync('cp', ['-a', world.base, base]);
    execFileSync('chown', ['-R', `${user}:${user}`, base]);
    return {
      before: ['setpriv', '--reuid', `${user}`, '--regid', `${user}`, '--clear-groups', '--'],
      helper: binary,
      base,
      request: () => ['network=none'],
      owner: user,
    };
  }

  async function withNetwork(): Promise<Manner> {
    await networks.start();
    const lease = await networks.lease(networks.startHelper());
    return {
      ...asRoot,
      before: networks.routerCommand,
      request: () => [`network=${lease.argument}`],
      left: () => networks.left(),
    };
  }

  function groupPlaces(): string[] {
    const hierarchies = ['/sys/fs/cgroup', ...groupsBelow('/sys/fs/cgroup')];
    return hierarchies.flatMap((place) => parents.map((parent) => join(place, parent)));
  }

  /** A run with most of what a run can have, in which one call fails. */
  async function run(manner: Manner, lane: number, site?: Site): Promise<Ending> {
    const place = world.path(`lane-${lane}`);
    rmSync(place, {recursive: true, force: true});
    const {owner} = manner;
    for (const name of ['fs', 'work']) mkdirSync(join(place, name), {recursive: true});
    if (owner !== undefined)
      for (const name of ['', 'fs', 'work']) chownSync(join(place, name), owner, owner);
    if (owner !== undefined) writeFileSync(world.path(`log-${lane}`), '');
    if (owner !== undefined) chownSync(world.path(`log-${lane}`), owner, owner);
    const words = [...wordsOf(site), world.path(`log-${lane}`)];
    const request = [
      `layer=${manner.base}`,
      `upper=${place}/fs`,
      `work=${place}/work`,
      ...manner.request(lane),
      `hosts=${manner.base}/etc/passwd`,
      'arg=/bin/true',
      'mount=tmpfs',
      'target=/new/directory',
      'mount=text',
      'target=/secret',
      'content=x',
    ];
    const [program = inject, ...all] = [...manner.before, inject, ...words, manner.helper, 'run', ...request];
    const child = spawn(program, all, {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    const stderr: Buffer[] = [];
    child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
    // The injector ends when no process is left; what still runs by then has been killed for taking too long.
    const [status] = (await once(child, 'close')) as [number | null];
    const groups = groupPlaces()
      .filter((path) => path.endsWith(`-${lane}`))
      .flatMap(groupsBelow);
    for (const group of groups) rmdirSync(group);
    return {
      status: status ?? undefined,
      stderr: Buffer.concat(stderr).toString(),
      layer: readdirSync(`${place}/fs`, {recursive: true}).map(String),
      groups,
    };
  }

  /** What is wrong with how the run ended; nothing, if all is well. */
  function judge(site: Site, {status, stderr, layer, groups}: Ending): string[] {
    const role = roleInRun[site.process] ?? 0;
    const faults = [
      status === undefined && 'does not end',
      status === 0 && !mayPass(role, site.call) && 'the failure goes unnoticed',
      status !== undefined && status > 1 && `ends with ${status}: ${stderr}`,
      status === 1 && !/^tsbuild-helper: [a-z-]+: [^\n]{10,}\n$/.test(stderr) && `says: ${stderr}`,
      layer.length > 0 && !saysWhatIsLeft(stderr, layer) && `leaves ${layer.join()} in the layer`,
      groups.length > 0 && !sweeps(role, site.call) && `leaves ${groups.join()}`,
    ];
    return faults
      .filter((fault) => fault !== false)
      .map((fault) => `${role} ${site.call} (${site.occurrence}.): ${fault}`);
  }

  async function sitesOf(manner: Manner, wanted: (occurrence: number) => boolean): Promise<Site[]> {
    expect(await run(manner, 0)).toMatchObject({status: 0, layer: [], groups: []});
    return callsIn(world.path('log-0')).filter(({occurrence}) => wanted(occurrence));
  }

  async function tryAll(manner: Manner, sites: readonly Site[]): Promise<void> {
    const left = [...sites];
    const faults: string[] = [];
    const work = async (lane: number): Promise<void> => {
      for (let site = left.shift(); site !== undefined; site = left.shift())
        faults.push(...judge(site, await run(manner, lane, site)));
    };
    await Promise.all([work(0), work(1)]);
    expect(faults).toEqual([]);
    // Tests beside this one have mounts, too, in directories of their own.
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(world.directory);
    expect(await manner.left?.()).toEqual(manner.left && []);
  }

  async function tryFirst(manner: Manner): Promise<void> {
    const sites = await sitesOf(manner, (occurrence) => occurrence === 1);
    expect(new Set(sites.map((site) => roleInRun[site.process]))).toEqual(new Set([0, 1, 2, 3]));
    expect(sites.length).toBeGreaterThan(80);
    await tryAll(manner, sites);
  }

  it('as root there is one clear error and nothing is left', () => tryFirst(asRoot), 600_000);

  it('as an ordinary user there is one clear error and nothing is left', async (test) => {
    const reason = whyNoUser();
    if (reason !== undefined) skip(test, reason);
    await tryFirst(asUser());
  }, 600_000);

  it('with a network there is one clear error and nothing is left', async (test) => {
    const reason = whyNoNetworks();
    if (reason !== undefined) skip(test, reason);
    await tryFirst(await withNetwork());
  }, 600_000);

  it.skipIf(process.env['TSBUILD_SLOW_TESTS'] !== '1')(
    'as root also for every later call of a kind',
    async () => tryAll(asRoot, await sitesOf(asRoot, (occurrence) => occurrence > 1)),
    1_200_000,
  );

  it.skipIf(process.env['TSBUILD_SLOW_TESTS'] !== '1')(
    'as an ordinary user also for every later call of a kind',
    async (test) => {
      const reason = whyNoUser();
      if (reason !== undefined) skip(test, reason);
      const manner = asUser();
      await tryAll(manner, await sitesOf(manner, (occurrence) => occurrence > 1));
    },
    1_200_000,
  );
});
