import {describe, expect, it} from 'vitest';
import {runRequestOf, signalNumber} from '../../../../src/cli/commands/run/request.ts';
import {BuildError} from '../../../../src/diagnostics/build-error.ts';
import {memoryIo} from '../../memory-io.ts';
import {parseCommandLine} from '../../parse-command-line.ts';

function requestOf(...argv: string[]) {
  const {flags, operands} = parseCommandLine(['run', ...argv]);
  return runRequestOf(flags, operands, memoryIo({env: {HERE: 'value'}, cwd: '/cwd'}));
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

it.each([
  ['--name', 'web'],
  ['-p', '80:80'],
  ['--privileged', ''],
])('%s is refused by name', (flag, value) => {
  const [problem = ''] = problemsOf(...[flag, value].filter((word) => word !== ''), 'app');
  expect(problem).toMatch(/^--[a-z-]+ (makes no sense here|is not supported)/);
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
