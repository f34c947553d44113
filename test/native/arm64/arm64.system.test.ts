// The helper on a real kernel of arm64, run by qemu: how its first process begins, which is assembly for each
// architecture, and what the system call filter refuses there. The same script runs on a kernel of amd64, and both have
// to give the same answers. Without that hardware it takes minutes: `npm run test:arm`.

import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {keptCapabilities, systemCallArguments} from '../../../src/ops/exec/system-call-filter.ts';
import {auditArchsOf, type FilteredArchitecture} from '../../../src/seccomp/abi.ts';
import {seccompFilter} from '../../../src/seccomp/filter.ts';
import type {Skippable} from '../../e2e/requirements.ts';
import {BpfMachine} from '../../seccomp/bpf-machine.ts';
import {whyNotHere} from '../../support/sandbox-world.ts';
import {type MachineKind, needProgram, ownKind, runInMachine} from '../../support/virtual-machine.ts';

const isAsked = process.env['TSBUILD_ARM64'] === '1' || process.env['TSBUILD_SOAK'] === '1';
const native = join(import.meta.dirname, '../../../native');
const folder = mkdtempSync(join(tmpdir(), 'tsbuild-machine-'));
afterAll(() => rmSync(folder, {recursive: true}));

/** Made from the sources, in a folder of its own. */
function make(test: Skippable, place: string, compiler: string, goal: 'helper' | 'units'): string {
  needProgram(test, compiler, 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross');
  const build = join(place, 'build');
  const helper = join(place, 'helper');
  const units = join(build, 'test/cgroup/cgroup_values');
  const what = goal === 'helper' ? ['CFLAGS=-O2', `OUTPUT=${helper}`, helper] : ['CFLAGS=-O1 -static', units];
  execFileSync('make', ['-s', '-C', native, `CC=${compiler}`, `BUILD=${build}`, ...what], {stdio: 'pipe'});
  return goal === 'helper' ? helper : units;
}

const arm64: MachineKind = {
  architecture: 'arm64',
  qemu: 'qemu-system-aarch64',
  options: ['-M', 'virt', '-cpu', 'max'],
  console: 'ttyAMA0',
  helper: (test, place) => make(test, place, 'aarch64-linux-gnu-gcc', 'helper'),
};

interface Kind {
  readonly machine: MachineKind;
  readonly compiler: string;
  readonly seccomp: FilteredArchitecture;
}

const kinds = {
  amd64: {machine: ownKind, compiler: 'gcc', seccomp: 'x64'},
  arm64: {machine: arm64, compiler: 'aarch64-linux-gnu-gcc', seccomp: 'arm64'},
} satisfies Record<string, Kind>;

/** The calls that the filter refuses, by number, with the errno it gives. */
function refusedBy(seccomp: FilteredArchitecture): Map<number, number> {
  const errnos = {EPERM: 1, ENOSYS: 38};
  const machine = new BpfMachine(seccompFilter({architecture: seccomp, capabilities: keptCapabilities}));
  const [own] = auditArchsOf(seccomp);
  const numbers = [...(own?.abis[0]?.numbers ?? new Map<string, number>()).values()];
  return new Map(
    numbers.flatMap((number): [number, number][] => {
      const {outcome} = machine.run({number, arch: own?.audit ?? 0});
      return outcome === 'EPERM' || outcome === 'ENOSYS' ? [[number, errnos[outcome]]] : [];
    }),
  );
}

interface Answers {
  readonly facts: Record<string, string>;
  readonly calls: ReadonlyMap<number, number>;
}

async function ask(test: Skippable, {machine, compiler, seccomp}: Kind): Promise<Answers> {
  const place = join(folder, machine.architecture);
  mkdirSync(place);
  needProgram(test, machine.qemu, 'qemu-system-arm qemu-system-x86');
  const units = make(test, place, compiler, 'units');
  const calls = join(place, 'try-calls');
  execFileSync(compiler, [
    '-static',
    '-O1',
    '-o',
    calls,
    join(import.meta.dirname, '../../seccomp/try-calls.c'),
  ]);
  const file = (name: string, args: readonly string[]): string => {
    const path = join(place, name);
    writeFileSync(path, Buffer.from(args.map((arg) => `${arg}\0`).join('')).toString('base64'));
    return path;
  };
  const numbers = [...refusedBy(seccomp).keys()].map((number) => `arg=${number}`);
  const console = runInMachine(test, place, {
    kind: machine,
    modules: ['fs/overlayfs/overlay'],
    script: readFileSync(new URL('guest.sh', import.meta.url), 'utf8'),
    programs: {
      'test-cgroup_values': units,
      'try-calls': calls,
      'filter.b64': file('filter', await systemCallArguments('sandbox', seccomp)),
      'calls.b64': file('calls', ['arg=/bin/try-calls', ...numbers]),
    },
  });
  const found = [...console.matchAll(/^(\w+)=(.*)$/gm)];
  const made = [...console.matchAll(/^call (\d+) (\d+)$/gm)];
  return {
    facts: Object.fromEntries(found.map(([, name = '', value = '']) => [name, value])),
    calls: new Map(made.map(([, number, errno]) => [Number(number), Number(errno)])),
  };
}

describe.skipIf(!isAsked || whyNotHere() !== undefined)('the helper', () => {
  it('does on arm64 what it does on amd64, on kernels of their own', async (test) => {
    const arm = await ask(test, kinds.arm64);
    const amd = await ask(test, kinds.amd64);
    expect(arm.facts, JSON.stringify(arm.facts, undefined, 2)).toEqual(amd.facts);
    expect(arm.facts).toEqual({
      units: expect.stringMatching(/^cgroup_values: all \d+ rows hold$/),
      exit: 'result: exit=7 result: userns=root',
      signal: 'result: signal=9',
      not_found: expect.stringContaining('executable file not found in $PATH'),
      first: expect.stringMatching(/^init 1 /),
      orphans: '0 here',
      status: expect.stringContaining('Uid: 1000 1000 1000 1000 Groups: 1001 CapInh: 0000000000000000'),
      root: 'CapEff: 00000000a80425fb CapBnd: 00000000a80425fb',
      written: 'x 1',
      terminal: 'yes',
      rights: '1',
      many: '20 1',
      served: '4 4 init',
      left: '0',
    });
    for (const {calls, kind} of [
      {calls: arm.calls, kind: kinds.arm64},
      {calls: amd.calls, kind: kinds.amd64},
    ]) {
      expect(calls.size).toBeGreaterThan(50);
      expect(calls).toEqual(refusedBy(kind.seccomp));
    }
  }, 2_000_000);
});
