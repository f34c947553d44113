// What a step can observe, beside the same under crun with docker's configuration. Everything is the same but for what
// the table below says, with the reason.

import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, describe, expect, it, type TestContext} from 'vitest';
import {keptCapabilities, systemCallArguments} from '../../src/ops/exec/system-call-filter.ts';
import {auditArchsOf, type FilteredArchitecture} from '../../src/seccomp/abi.ts';
import {seccompFilter} from '../../src/seccomp/filter.ts';
import {needCommand} from '../e2e/requirements.ts';
import {BpfMachine} from '../seccomp/bpf-machine.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';
import {runInCrun} from './crun.ts';

interface Difference {
  readonly ours: string;
  readonly crun: string;
  readonly why: string;
}

const differences: Readonly<Record<string, Difference>> = {
  'mount /dev': {
    ours: 'tmpfs rw,nosuid,nodev rw,size=65536k,mode=755',
    crun: 'tmpfs rw,nosuid rw,size=65536k,mode=755',
    why: 'devices that a step makes cannot be opened, where others have a device cgroup; the six are bound one by one',
  },
  'process id': {
    ours: '2',
    crun: '1',
    why: 'the first process is ours, so that somebody reaps and ends what the main process leaves behind',
  },
};

describe.skipIf(whyNotHere() !== undefined)('a sandbox beside crun', () => {
  const world = new SandboxWorld();
  afterAll(() => world.close());
  const env = ['PATH=/bin', 'A=1'];
  const hostname = 'facts';

  async function inOurs(args: readonly string[]): Promise<string> {
    const {stdout, stderr} = await world.run(world.newLayer(), [
      ...(await systemCallArguments('sandbox')),
      ...env.map((entry) => `env=${entry}`),
      `hostname=${hostname}`,
      ...args.map((arg) => `arg=${arg}`),
    ]);
    expect(stderr).toBe('');
    return stdout;
  }

  function inCrun(test: TestContext, name: string, args: readonly string[]): string {
    needCommand(test, 'crun');
    return runInCrun(world.path(name), world.base, {args, env, hostname});
  }

  it('shows the same facts, but for those that are meant to differ', {timeout: 180_000}, async (test) => {
    const script = readFileSync(join(import.meta.dirname, 'facts.sh'), 'utf8');
    const namespaces = readdirSync('/proc/self/ns').map((name) => readlinkSync(`/proc/self/ns/${name}`));
    const args = ['/bin/sh', '-c', script, 'sh', ...namespaces];
    const crun = factsOf(inCrun(test, 'crun-facts', args));
    const ours = factsOf(await inOurs(args));
    expect(ours.size).toBeGreaterThanOrEqual(110);
    const names = new Set([...ours.keys(), ...crun.keys()]);
    const differing = [...names].filter((name) => ours.get(name) !== crun.get(name));
    const seen = differing.map((name) => [name, {ours: ours.get(name), crun: crun.get(name)}]);
    const meant = Object.entries(differences).map(([name, {ours, crun}]) => [name, {ours, crun}]);
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(meant));
  });

  it('refuses the same system calls, with the same errors, as the filter that libseccomp makes', async (test) => {
    needCommand(test, 'gcc');
    const source = join(import.meta.dirname, '../seccomp/try-calls.c');
    execFileSync('gcc', ['-static', '-O1', '-o', join(world.base, 'bin/try-calls'), source]);
    const architecture = process.arch as FilteredArchitecture;
    const machine = new BpfMachine(seccompFilter({architecture, capabilities: keptCapabilities}));
    const [native] = auditArchsOf(architecture);
    const numbers = native?.abis[0]?.numbers ?? new Map<string, number>();
    // What is refused does nothing, so it can be tried. From 451 on libseccomp of 2023 knows no names.
    const refused = [...numbers.values()].filter(
      (number) => number <= 450 && machine.run({number, arch: native?.audit ?? 0}).outcome !== 'allow',
    );
    const conditional = ['socket', 'personality', 'clone'].map((name) => numbers.get(name));
    const args = [
      '/bin/try-calls',
      ...refused.map(String),
      ...Array.from({length: 48}, (_, family) => `${conditional[0]},${family},99`),
      ...['1', '7', '0x40000', '0x20009', '0xfffffffe', '0x100000008'].map((p) => `${conditional[1]},${p}`),
      ...['0x20000', '0x10000011', '0x7e020000'].map((flags) => `${conditional[2]},${flags}`),
    ];
    const crun = inCrun(test, 'crun-calls', args);
    expect(refused.length).toBeGreaterThan(50);
    expect(await inOurs(args)).toBe(crun);
  });
});

function factsOf(text: string): Map<string, string> {
  return new Map(
    text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [name = '', value = ''] = line.split('\t');
        return [name, value];
      }),
  );
}
