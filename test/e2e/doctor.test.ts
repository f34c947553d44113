// `tsbuild doctor`: honest about what is there, and leaves nothing behind.

import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import type {DoctorReport} from '../../src/build/doctor/report.ts';
import {assertBuilt, type RunOptions, type Workspace, workspace} from './command.ts';
import {asOrdinaryUser} from './ordinary-user.ts';
import {needCommand, needRoot} from './requirements.ts';

let space: Workspace;

beforeAll(async () => {
  assertBuilt();
  space = await workspace();
});
afterAll(() => space?.[Symbol.asyncDispose]());

async function doctor(options: RunOptions = {}): Promise<{code: number | null; report: DoctorReport}> {
  const run = await space.run(['doctor', '--format', 'json'], options);
  return {code: run.code, report: JSON.parse(run.stdout.toString()) as DoctorReport};
}

function stateOf({findings}: DoctorReport, name: string): string | undefined {
  return findings.find((each) => each.name === name)?.state;
}

it('as root everything that a build needs is there', async (test) => {
  needRoot(test);
  const temporary = mkdtempSync(join(tmpdir(), 'tsbuild-e2e-doctor-'));
  const {code, report} = await doctor({env: {TMPDIR: temporary}});
  const left = readdirSync(temporary);
  rmSync(temporary, {recursive: true});
  expect([code, report.ok, left]).toEqual([0, true, []]);
  for (const name of ['kernel', 'node', 'helper', 'overlay', 'sandbox', 'seccomp', 'state directory'])
    expect([name, stateOf(report, name)]).toEqual([name, 'ok']);
  for (const {state, fix} of report.findings) expect(state === 'ok' || fix !== undefined).toBe(true);
  expect(existsSync(space.root)).toBe(false);
  expect(await space.leftovers()).toEqual([]);
});

it('it leaves nothing in a state directory that is there', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tsbuild-e2e-doctor-'));
  const run = await space.run(['doctor', '--root', root, '--format', 'json']);
  const left = readdirSync(root);
  rmSync(root, {recursive: true});
  expect([run.code, left]).toEqual([0, []]);
});

it('it leaves the settings of networks as they are', async (test) => {
  needRoot(test);
  needCommand(test, 'ip');
  const script = `
    ip link add up0 type veth peer name up1; ip addr add 203.0.113.1/24 dev up0
    for device in up0 up1; do ip link set $device up; done
    ip route add default via 203.0.113.2
    settings() { cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding; }
    for file in /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding; do echo 0 > $file; done
    settings > before; "$@" > report; settings | cmp before - && echo same`;
  const folder = await space.context({'script.sh': script});
  const run = await space.run(['doctor'], {
    wrapper: ['unshare', '--net', 'env', '-C', folder, 'sh', `${folder}/script.sh`],
  });
  expect(run.stdout.toString()).toBe('same\n');
  expect(readFileSync(join(folder, 'report'), 'utf8')).toMatch(/network .*each step has its own/);
});

it('as an ordinary user it tells what is less', async (test) => {
  const user = asOrdinaryUser(test);
  await user.own(space.folder);
  const {code, report} = await doctor({wrapper: user.wrapper, env: user.env, program: user.program});
  expect([code, stateOf(report, 'sandbox'), stateOf(report, 'overlay')]).toEqual([0, 'ok', 'ok']);
  expect(report.findings.find(({name}) => name === 'user namespace')?.detail).not.toContain('we are root');
});

it('without a helper builds cannot run', async () => {
  const {code, report} = await doctor({env: {TSBUILD_HELPER: '/nonexistent/helper'}});
  expect([code, stateOf(report, 'helper')]).toEqual([3, 'missing']);
  const text = await space.run(['doctor'], {env: {TSBUILD_HELPER: '/nonexistent/helper'}});
  expect(text.stdout.toString()).toContain('builds cannot run here\n');
});

it('a state directory that cannot be made, and a configuration with a mistake, are told of', async () => {
  const {code, report} = await doctor({root: '/proc/nowhere'});
  expect([code, stateOf(report, 'state directory')]).toEqual([3, 'missing']);
  const config = join(await space.context({'bad.toml': 'nonsense = 1\n'}), 'bad.toml');
  const misconfigured = await doctor({config});
  expect([misconfigured.code, stateOf(misconfigured.report, 'configuration')]).toEqual([3, 'missing']);
});
