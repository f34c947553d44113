import {describe, expect, it} from 'vitest';
import {runRequestOf, signalNumber} from '../../../../src/cli/commands/run/request.ts';
import {BuildError} from '../../../../src/diagnostics/build-error.ts';
import {memoryIo} from '../../memory-io.ts';
import {parseCommandLine} from '../../parse-command-line.ts';

function requestOf(...argv: string[]) {
  const {flags, operands} = parseCommandLine(['run', ...argv]);
  return runRequestOf(flags, operands, memoryIo({env: {HERE: 'value'}, cwd: '/cwd'}), new Map());
}

function problemsOf(...argv: string[]): string[] {
  try {
    requestOf(...argv);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return error.diagnostics.map(({message}) => message);
  }
  return [];
}

describe('what follows the image', () => {
  it.each([
    [['busybox', 'ls', '-l', '--pull=true'], 'busybox', ['ls', '-l', '--pull=true']],
    [['-i', '--rm', 'busybox', '-c', '--help'], 'busybox', ['-c', '--help']],
    [['-ie', 'A=1', 'busybox', 'env'], 'busybox', ['env']],
    [['-eA=1', 'busybox', 'env'], 'busybox', ['env']],
    [['--env', 'A=1', '--', 'busybox', '--', 'x'], 'busybox', ['--', 'x']],
    [['--network=none', 'busybox'], 'busybox', []],
  ])('%j belongs to the process', (argv, image, command) => {
    expect(requestOf(...argv)).toMatchObject({image, command});
  });
});

it('flags become fields', () => {
  const request = requestOf(
    '-i',
    '-e',
    'A=1',
    '-e',
    'HERE',
    '-e',
    'GONE',
    '-u',
    'app:wheel',
    '-w',
    '/srv',
    '--entrypoint',
    '',
    '--read-only',
    '--hostname',
    'box',
    '--shm-size',
    '1m',
    '--ulimit',
    'nofile=10:20',
    '--platform',
    'arm64',
    '--pull=always',
    'app',
  );
  expect(request).toMatchObject({
    interactive: true,
    tty: false,
    env: ['A=1', 'HERE=value', 'GONE'],
    user: 'app:wheel',
    workdir: '/srv',
    entrypoint: '',
    readonlyRoot: true,
    hostname: 'box',
    shmSizeBytes: 1_048_576,
    ulimits: [{name: 'nofile', soft: 10, hard: 20}],
    platform: {os: 'linux', architecture: 'arm64'},
    pull: 'always',
  });
});

it('names are asked for where the flags say', () => {
  const flags = ['--dns', '192.0.2.1', '--dns=2001:db8::1', '--dns-search', 'a.test', '--dns-opt', 'ndots:2'];
  expect(requestOf(...flags, '--dns-option=rotate', 'app').dns).toEqual({
    nameservers: ['192.0.2.1', '2001:db8::1'],
    searchDomains: ['a.test'],
    options: ['ndots:2', 'rotate'],
  });
  expect(problemsOf('--dns', 'resolver', 'app')).toEqual(['--dns expects an IP address, got "resolver"']);
});

it.each([
  [['--net', 'none'], {network: 'none'}],
  [['--net=host'], {network: 'host'}],
  [['--network', 'bridge'], {network: 'default'}],
  [['-h', 'box'], {hostname: 'box'}],
  [['-hbox'], {hostname: 'box'}],
])('%j are docker’s words', (argv, fields) => {
  expect(requestOf(...argv, 'app', 'true')).toMatchObject({...fields, image: 'app', command: ['true']});
});

it('every bad value is told of at once', () => {
  expect(
    problemsOf(
      '-w',
      'srv',
      '--pull',
      'now',
      '-v',
      'data:/x',
      '--stop-signal',
      'SIGNO',
      '--network',
      'bridge0',
      'app',
    ),
  ).toEqual([
    '--workdir expects an absolute path, got "srv"',
    '--pull expects missing, always or never, got "now"',
    '-v data:/x: named volumes are not kept here; give the path of a directory, such as ./data',
    '--network expects default, none or host, got "bridge0"',
    '--stop-signal: there is no signal "SIGNO"',
  ]);
  expect(problemsOf()).toEqual(['run needs an IMAGE']);
  expect(problemsOf('-it', 'app')).toEqual(['-t with -i needs a terminal as standard input']);
  expect(problemsOf('-v', '/a:/x', '--tmpfs', '/x', 'app')).toEqual(['two mounts on /x']);
});

describe('flags of docker run', () => {
  it.each([
    ['--sig-proxy=false', 'sig-proxy cannot be switched off'],
    ['--gpus=false', 'gpus'],
    ['--device=false', 'device'],
  ])('%s is not taken for a switch that asks for nothing', (argument, text) => {
    expect(problemsOf(argument, 'app')[0]).toContain(`--${text}`);
  });

  // Of version 28, in its order; what is not here is in the tests above.
  const switches =
    'detach disable-content-trust init no-healthcheck privileged publish-all sig-proxy use-api-socket';
  const valued =
    'annotation attach cgroupns cidfile cpu-count cpu-percent cpu-rt-period cpu-rt-runtime detach-keys device ' +
    'device-cgroup-rule expose gpus health-cmd health-interval health-retries health-start-interval ' +
    'health-start-period health-timeout io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory label ' +
    'label-file link link-local-ip log-driver log-opt mac-address name net-alias network-alias pid publish ' +
    'restart runtime stop-timeout storage-opt userns uts volume-driver volumes-from';
  const withoutEffect =
    'annotation disable-content-trust expose init label label-file no-healthcheck stop-timeout';

  it.each([
    ...switches.split(' ').map((name): [string, string[]] => [name, [`--${name}`]]),
    ...valued.split(' ').map((name): [string, string[]] => [name, [`--${name}`, 'x']]),
  ])('%s is refused by name, or changes nothing', (name, argv) => {
    const [problem, ...others] = problemsOf(...argv, 'app');
    expect(others).toEqual([]);
    if ([...withoutEffect.split(' '), 'sig-proxy'].includes(name)) expect(problem).toBeUndefined();
    else expect(problem).toMatch(new RegExp(`^--${name} (makes no sense here|is not supported): `));
  });

  it.each([
    '--ipc=private',
    '--ipc=shareable',
    '--pid=',
    '--userns=',
    '--uts=',
    '--cgroupns=private',
    '--log-driver=none',
    '--restart=no',
    '--isolation=default',
    '--privileged=false',
  ])('%s asks for what is so', (flag) => {
    expect(problemsOf(flag, 'app')).toEqual([]);
  });
});

it.each([
  ['SIGTERM', 15],
  ['term', 15],
  ['usr1', 10],
  ['9', 9],
  ['0', undefined],
  ['65', undefined],
  ['', undefined],
  ['SIGNO', undefined],
])('the signal %j has the number %j', (text, number) => {
  expect(signalNumber(text)).toBe(number);
});
