// What docker gives to its OCI runtime, beside what our steps are made by. Elsewhere they are compared with crun under
// a configuration that is written down here (test/native/crun.ts); this asks a docker itself for it, by a runtime that
// keeps its configuration and runs nothing. What differs is listed with its reason.

import {chmodSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {ownNetworkSettings} from '../../src/build/attended/own-network.ts';
import {configOf, type OciCondition, type OciConfig} from '../native/crun.ts';
import {assertBuilt, type Workspace, workspace} from './command.ts';
import {startDocker} from './docker.ts';

let space: Workspace;

beforeAll(async () => {
  assertBuilt();
  space = await workspace();
});
afterAll(() => space?.[Symbol.asyncDispose]());

/** Calls that moby's policy has taken away since the docker of Debian 12 (20.10). */
const gone = 'io_uring_enter io_uring_register io_uring_setup';
/** And those that it has let through since then: newer than it, or harmless by moby's later view. */
const come =
  'cachestat fchmodat2 futex_requeue futex_wait futex_wake getxattrat listmount listxattrat map_shadow_stack mseal ' +
  'name_to_handle_at pkey_alloc pkey_free pkey_mprotect process_vm_readv process_vm_writev removexattrat setxattrat ' +
  'statmount uretprobe';
/** Masked since then. */
const maskedSince = ['/proc/interrupts', '/sys/devices/virtual/powercap'];

function callsOf({linux}: OciConfig): Map<string, string> {
  const rules = new Map<string, string[]>();
  for (const {names, action, errnoRet, args = []} of linux.seccomp.syscalls)
    for (const name of names)
      rules.set(name, [
        ...(rules.get(name) ?? []),
        JSON.stringify([action, errnoRet ?? 0, args.map(conditionOf)]),
      ]);
  return new Map([...rules].map(([name, all]) => [name, all.sort().join(' or ')]));
}

function conditionOf({index, value, valueTwo = 0, op}: OciCondition): unknown[] {
  return [index, op, value, valueTwo];
}

it('steps get what docker gives, but for what moby has changed since', async (test) => {
  const saved = join(space.folder, 'saved.json');
  const runtime = join(space.folder, 'runtime');
  writeFileSync(
    runtime,
    `#!/bin/sh\nfor word in "$@"; do [ "$last" != --bundle ] || cp "$word/config.json" ${saved}; last=$word; done\nexit 1\n`,
  );
  chmodSync(runtime, 0o755);
  const image = join(space.folder, 'empty.tar');
  writeFileSync(image, Buffer.alloc(10240));
  await using docker = await startDocker(test, space, [`--add-runtime=saving=${runtime}`]);
  docker.call('import', image, 'nothing');
  expect(() => docker.call('run', '--rm', '--runtime', 'saving', 'nothing', '/program')).toThrow(
    /exit status 1/,
  );
  const theirs = JSON.parse(readFileSync(saved, 'utf8')) as OciConfig;
  const ours = configOf({args: ['/program'], env: [], hostname: 'x'});

  expect(sorted(ours.process.capabilities)).toEqual(sorted(theirs.process.capabilities));
  expect(theirs.process.noNewPrivileges ?? false).toBe(ours.process.noNewPrivileges);
  expect(theirs.process.rlimits ?? []).toEqual([]);
  expect(theirs.linux.devices ?? []).toEqual([]);
  expect([...theirs.linux.readonlyPaths].sort()).toEqual([...ours.linux.readonlyPaths].sort());
  const added = ours.linux.maskedPaths.filter((path) => !theirs.linux.maskedPaths.includes(path));
  expect(maskedSince).toEqual(expect.arrayContaining(added));
  expect(theirs.linux.maskedPaths.filter((path) => !ours.linux.maskedPaths.includes(path))).toEqual([]);
  // Control groups are each version's own matter, and the files of /etc are bound by both.
  const shared = theirs.mounts.filter(
    ({type, destination}) => type !== 'bind' && destination !== '/sys/fs/cgroup',
  );
  expect(byPlace(shared)).toEqual(byPlace(ours.mounts));

  const [their, our] = [callsOf(theirs), callsOf(ours)];
  const differing = [...new Set([...their.keys(), ...our.keys()])].filter(
    (name) => their.get(name) !== our.get(name),
  );
  // Of sockets all were let through; since then those of AF_ALG and AF_VSOCK are not.
  const meant = [...gone.split(' '), ...come.split(' '), 'socket'];
  const found = differing.filter((name) => !meant.includes(name));
  expect(found.map((name) => [name, their.get(name), our.get(name)])).toEqual([]);
  const isOld = docker.call('version', '--format', '{{.Server.Version}}').startsWith('20.10.');
  if (isOld) expect(differing.sort()).toEqual(meant.sort());
  // Of these nothing is set in a step, nor is it in BuildKit's: `tsbuild run` sets them.
  expect(theirs.linux['sysctl'] ?? {}).toEqual(
    Object.fromEntries(ownNetworkSettings.map(({path, value}) => [path.replaceAll('/', '.'), value])),
  );
});

function sorted(sets: Readonly<Record<string, readonly string[]>>): unknown {
  return Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, [...set].sort()]));
}

function byPlace(mounts: OciConfig['mounts']): unknown[] {
  return mounts
    .map(({destination, type, source, options}) => [destination, type, source, ...[...options].sort()])
    .sort();
}
