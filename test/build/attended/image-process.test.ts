import {describe, expect, it} from 'vitest';
import {processOf} from '../../../src/build/attended/image-process.ts';
import type {RunRequest} from '../../../src/build/attended/run-request.ts';
import type {ContainerConfig, ImageConfig} from '../../../src/oci/image-config.ts';

const platform = {os: 'linux', architecture: 'amd64'};
const bare: RunRequest = {
  image: 'app',
  command: [],
  env: [],
  pull: 'missing',
  interactive: false,
  tty: false,
  readonlyRoot: false,
  mounts: [],
  network: 'default',
  dns: {nameservers: [], searchDomains: [], options: []},
  hostname: 'box',
  extraHosts: [],
  shmSizeBytes: 0,
  ulimits: [],
  limits: {limits: []},
  rights: {groups: [], sysctls: [], droppedCapabilities: [], noNewPrivileges: false},
};

function processFor(config: ContainerConfig, request: Partial<RunRequest> = {}) {
  const image: ImageConfig = {...platform, config, rootfs: {type: 'layers', diff_ids: []}};
  return processOf(image, {...bare, ...request}, platform);
}

describe('the command', () => {
  const config = {Entrypoint: ['/entry'], Cmd: ['cmd']};
  it.each([
    [{}, ['/entry', 'cmd']],
    [{command: ['x', 'y']}, ['/entry', 'x', 'y']],
    [{entrypoint: '/other'}, ['/other']],
    [{entrypoint: '/other', command: ['x']}, ['/other', 'x']],
    [{entrypoint: '', command: ['x']}, ['x']],
  ])('%j', (request, args) => {
    expect(processFor(config, request).args).toEqual(args);
  });

  it('that is none is the user’s to name', () => {
    expect(() => processFor({})).toThrow('app has no command of its own');
    expect(() => processFor(config, {entrypoint: ''})).toThrow('app has no command of its own');
  });
});

it('the environment is docker’s, then the image’s, then the flags’', () => {
  const config = {Cmd: ['x'], Env: ['PATH=/bin', 'A=1', 'B=2']};
  expect(processFor(config, {env: ['B=3', 'A', 'C='], tty: true}).env).toEqual([
    'PATH=/bin',
    'HOSTNAME=box',
    'TERM=xterm',
    'B=3',
    'C=',
  ]);
});

it('user and directory are the image’s unless a flag says otherwise', () => {
  const config = {Cmd: ['x'], User: 'app', WorkingDir: '/srv'};
  expect(processFor(config)).toMatchObject({user: 'app', cwd: '/srv'});
  expect(processFor(config, {user: '0', workdir: '/'})).toMatchObject({user: '0', cwd: '/'});
  expect(processFor({Cmd: ['x']})).toMatchObject({user: '', cwd: '/'});
});
