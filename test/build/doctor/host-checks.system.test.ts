import {describe, expect, it} from 'vitest';
import {
  checkDevices,
  checkGit,
  checkKernel,
  checkNode,
  checkOpenFiles,
  checkPlatforms,
} from '../../../src/build/doctor/host-checks.ts';
import {finding, reportOf} from '../../../src/build/doctor/report.ts';
import {Emulation} from '../../../src/ops/exec/emulation.ts';
import {hostOf} from './made-up-host.ts';

describe('versions', () => {
  it.each([
    ['6.18.1-custom', 'ok'],
    ['5.12.0', 'ok'],
    ['5.11.22', 'missing'],
    ['4.19.0-27-amd64', 'missing'],
  ])('kernel %s: %s', (version, state) => {
    const found = checkKernel(version);
    expect(found.state).toBe(state);
    expect(found.fix === undefined).toBe(state === 'ok');
  });

  it.each([
    ['20.18.1', 'ok'],
    ['22.0.0', 'ok'],
    ['20.17.0', 'missing'],
    ['18.20.0', 'missing'],
  ])('Node %s: %s', (version, state) => {
    expect(checkNode(version).state).toBe(state);
  });
});

it('builds can run unless something that they need is missing', () => {
  const good = finding('helper', 'ok', '', {needed: true});
  expect(
    reportOf([good, finding('git', 'missing', ''), finding('ids', 'warning', '', {needed: true})]).ok,
  ).toBe(true);
  expect(reportOf([good, finding('overlay', 'missing', '', {needed: true})]).ok).toBe(false);
});

describe('platforms', () => {
  const host = {os: 'linux', architecture: 'amd64'};

  it('without emulators are the machine’s own', async () => {
    const found = await checkPlatforms(
      hostOf(),
      new Emulation(host, async () => ({enabled: true, entries: []})),
    );
    expect(found).toMatchObject({state: 'warning', fix: expect.stringContaining('qemu-user-static')});
    expect(found.detail).toContain('linux/amd64, linux/386;');
  });

  it('that cannot be seen are no promise', async () => {
    const found = await checkPlatforms(hostOf(), new Emulation(host, async () => undefined));
    expect(found).toMatchObject({state: 'warning', fix: expect.stringContaining('mount -t binfmt_misc')});
  });

  it('with an emulator are more', async () => {
    const magic = Buffer.from('7f454c460201010000000000000000000200b700', 'hex');
    const entry = {
      name: 'qemu-aarch64',
      enabled: true,
      interpreter: '/q',
      flags: 'F',
      offset: 0,
      magic,
      mask: undefined,
    };
    const found = await checkPlatforms(
      hostOf(),
      new Emulation(host, async () => ({enabled: true, entries: [entry]})),
    );
    expect([found.state, found.detail]).toEqual(['ok', expect.stringContaining('linux/arm64')]);
  });
});

it('a git that is not there is told of', async () => {
  const found = await checkGit(hostOf(), {PATH: '/nonexistent'}, new AbortController().signal);
  expect(found).toMatchObject({state: 'warning', fix: 'as root: apt install git', needed: false});
});

it('devices that are no devices are told of: root makes its own, an ordinary user cannot', () => {
  const modes = Object.fromEntries(
    ['null', 'zero', 'full', 'random', 'urandom'].map((name) => [`/dev/${name}`, 0o020666]),
  );
  const fix = 'mknod -m 666 /dev/tty c 5 0';
  const file = {...modes, '/dev/tty': 0o100644};
  expect(checkDevices(hostOf({modes: file}))).toMatchObject({state: 'missing', fix: `as root: ${fix}`});
  expect(checkDevices(hostOf({uid: 0, modes: file}))).toMatchObject({state: 'warning', fix});
  expect(checkDevices(hostOf({modes: {...modes, '/dev/tty': 0o020666}})).state).toBe('ok');
});

it.each([
  ['64', 'warning'],
  ['4096', 'ok'],
  ['unlimited', 'ok'],
])('%s open files: %s', (hard, state) => {
  const texts = {'/proc/self/limits': `Max open files            16                   ${hard}      files\n`};
  expect(checkOpenFiles(hostOf({texts})).state).toBe(state);
});
