import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {BuildRequest} from '../../src/build/request.ts';
import {buildRequestOf} from '../../src/cli/build-request.ts';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {formatPlatform, hostPlatform} from '../../src/oci/platform.ts';
import {type MemoryIoOptions, memoryIo} from './memory-io.ts';
import {parseCommandLine} from './parse-command-line.ts';

async function request(argv: readonly string[], options: MemoryIoOptions = {}): Promise<BuildRequest> {
  const {flags, operands} = parseCommandLine(argv);
  return buildRequestOf(flags, operands, memoryIo(options));
}

async function problems(argv: readonly string[], options: MemoryIoOptions = {}): Promise<string[]> {
  const error = await request(argv, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BuildError)) throw error ?? new Error('no problem');
  expect(error.kind).toBe('usage');
  return error.diagnostics.map(({message}) => message);
}

describe('without flags', () => {
  it('the request has docker’s defaults', async () => {
    expect(await request(['.'], {cwd: '/usr'})).toEqual({
      context: {type: 'directory', path: '/usr'},
      tags: [],
      buildArgs: {},
      labels: {},
      noCache: false,
      platforms: [],
      pull: false,
      cacheFrom: [],
      cacheTo: [],
      outputs: [],
      buildContexts: {},
      secrets: {},
      ssh: {},
      network: 'default',
      extraHosts: [],
      shmSizeBytes: 64 * 1024 * 1024,
      stepTimeoutMs: 0,
      ulimits: [],
      limits: {limits: []},
      entitlements: new Set(),
      workingDirectory: '/usr',
      environment: {},
    });
  });
});

describe('the context', () => {
  it.each([
    ['https://example.com/a.git#main'],
    ['http://example.com/ctx.tar.gz'],
    ['git@github.com:a/b.git'],
    ['git://example.com/a'],
    ['ssh://git@example.com/a'],
    ['github.com/a/b'],
  ])('%s is a URL', async (url) => {
    expect((await request([url])).context).toEqual({type: 'url', url});
  });

  it('- is standard input', async () => {
    const {context} = await request(['-'], {stdin: 'FROM scratch\n'});
    expect(context).toEqual({type: 'stdin', bytes: Buffer.from('FROM scratch\n')});
  });

  it('is needed, and only one', async () => {
    expect(await problems([])).toEqual(['build needs exactly one PATH, URL or "-", got none']);
    expect(await problems(['a', 'b'])).toEqual(['build needs exactly one PATH, URL or "-", got a b']);
  });

  it('that is there is not taken for a misspelt command', async () => {
    await expect(request(['/rum', 'app'])).rejects.toMatchObject({
      diagnostics: [{hints: ['did you mean the command tsbuild run?']}],
    });
    await expect(request(['/run', 'app'])).rejects.toMatchObject({
      diagnostics: [expect.not.objectContaining({hints: expect.anything()})],
    });
  });

  it('is not meant by a command that docker has and we do not', async () => {
    for (const words of [['ps', 'app'], ['info']])
      expect(await problems(words)).toEqual([`there is no command ${words[0]}`]);
  });

  it('may have the name of such a command', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'tsbuild-request-'));
    mkdirSync(join(cwd, 'ps'));
    const {context} = await request(['ps'], {cwd}).finally(() => rmSync(cwd, {recursive: true}));
    expect(context).toEqual({type: 'directory', path: join(cwd, 'ps')});
  });

  it('that is misspelt next to another word is taken for a command', async () => {
    const error = await request(['buidl', '.']).catch((reason: unknown) => reason);
    expect(error).toMatchObject({diagnostics: [{hints: ['did you mean the command tsbuild build?']}]});
  });
});

describe('-f', () => {
  it('is handed on as written', async () => {
    expect((await request(['-f', 'docker/x', '.'])).dockerfile).toBe('docker/x');
  });

  it('- reads standard input', async () => {
    const got = await request(['-f', '-', '.'], {stdin: 'FROM scratch\n'});
    expect(got).toMatchObject({dockerfile: '-', dockerfileText: 'FROM scratch\n'});
  });

  it('- does not go with a context of -', async () => {
    expect(await problems(['-f', '-', '-'])).toEqual([
      'standard input cannot be both the context and the Dockerfile',
    ]);
  });
});

describe('build args and labels', () => {
  it('a value may hold =, and may be empty', async () => {
    const argv = ['--build-arg', 'A=b=c', '--build-arg', 'B=', '.'];
    expect((await request(argv)).buildArgs).toEqual({A: 'b=c', B: ''});
  });

  it('a bare name takes its value from the environment, or is left out', async () => {
    const argv = ['--build-arg', 'A', '--build-arg', 'B', '.'];
    expect((await request(argv, {env: {A: '1'}})).buildArgs).toEqual({A: '1'});
  });

  it('the last one of a name wins', async () => {
    expect((await request(['--build-arg', 'A=1', '--build-arg', 'A=2', '.'])).buildArgs).toEqual({A: '2'});
  });

  it('a label without a value is left out, as docker buildx leaves it out; one with an empty value is not', async () => {
    expect((await request(['--label', 'a', '--label', 'b=c', '--label', 'd=', '.'])).labels).toEqual({
      b: 'c',
      d: '',
    });
  });

  it('without a name they are refused', async () => {
    expect(await problems(['--build-arg', '=x', '--label', '=y', '.'])).toHaveLength(2);
  });
});

describe('tags', () => {
  it('are normalised, each once', async () => {
    expect((await request(['-t', 'app', '-t', 'app:latest', '-t', 'r.example/a:1', '.'])).tags).toEqual([
      'docker.io/library/app:latest',
      'r.example/a:1',
    ]);
  });

  it('that are none are refused', async () => {
    expect((await problems(['-t', 'App', '.']))[0]).toMatch(/invalid tag "App": .*lowercase/);
  });
});

describe('--platform', () => {
  it.each([
    [['--platform', 'linux/arm64'], {os: 'linux', architecture: 'arm64'}],
    [['--platform', 'linux/arm/v7'], {os: 'linux', architecture: 'arm', variant: 'v7'}],
    [['--platform', 'local'], hostPlatform()],
    [['--platform', 'linux/amd64,linux/amd64'], {os: 'linux', architecture: 'amd64'}],
  ])('%j is one platform', async (argv, platform) => {
    expect((await request([...argv, '.'])).platforms).toEqual([platform]);
  });

  it('that is not given leaves the choice to the build', async () => {
    expect((await request(['.'])).platforms).toEqual([]);
  });

  it('comes from DOCKER_DEFAULT_PLATFORM when it is not given', async () => {
    const env = {DOCKER_DEFAULT_PLATFORM: 'linux/arm64'};
    expect((await request(['.'], {env})).platforms).toMatchObject([{architecture: 'arm64'}]);
    expect((await request(['--platform=linux/386', '.'], {env})).platforms).toMatchObject([
      {architecture: '386'},
    ]);
  });

  it('may be a list, with commas or as several flags, in the order given and each once', async () => {
    const argv = [
      '--platform',
      'linux/arm64/v8, x86_64',
      '--platform=aarch64',
      '--platform',
      'linux/arm',
      '.',
    ];
    expect((await request(argv)).platforms.map(formatPlatform)).toEqual([
      'linux/arm64',
      'linux/amd64',
      'linux/arm/v7',
    ]);
  });

  it('of two versions of a system are two', async () => {
    const argv = ['--platform=windows(10.0.1)/amd64,windows(10.0.2)/amd64,windows(10.0.1)/x86_64', '.'];
    expect((await request(argv)).platforms.map((platform) => platform['os.version'])).toEqual([
      '10.0.1',
      '10.0.2',
    ]);
  });

  it('of an operating system that nobody knows is refused, with the one that may be meant', async () => {
    expect((await problems(['--platform', 'linus/amd64,windows/amd64', '.']))[0]).toMatch(
      /--platform linus\/amd64: unknown operating system "linus"/,
    );
    expect(await problems(['--platform', 'linux/amd64/v2/x', '.'])).toHaveLength(1);
  });
});

describe('outputs', () => {
  it('keep their order', async () => {
    const {outputs} = await request(['-o', 'out', '-o', 'type=oci,dest=a', '.']);
    expect(outputs.map(({type}) => type)).toEqual(['local', 'oci']);
  });

  it('--load adds docker to others', async () => {
    expect((await request(['--load', '.'])).outputs).toEqual([{type: 'docker', options: new Map()}]);
    const {outputs} = await request(['--load', '-o', 'out', '.']);
    expect(outputs.map(({type}) => type)).toEqual(['local', 'docker']);
  });

  it('of --push are pushed, besides what -o asks for', async () => {
    const pushed = async (...argv: string[]): Promise<unknown> =>
      (await request(['--push', ...argv, '.'])).outputs.map(({type, options}) => [type, ...options.values()]);
    expect(await pushed()).toEqual([['registry']]);
    expect(await pushed('-o', 'type=image,name=a')).toEqual([['image', 'a', 'true']]);
    expect(await pushed('-o', 'out')).toEqual([['local', 'out'], ['registry']]);
    expect(await pushed('--load')).toEqual([['registry'], ['docker']]);
  });
});

describe('the cache', () => {
  it.each([
    [['--no-cache'], true],
    [
      ['--no-cache-filter', 'a,b', '--no-cache-filter=c'],
      ['a', 'b', 'c'],
    ],
    [[], false],
  ])('%j', async (argv, noCache) => {
    expect((await request([...argv, '.'])).noCache).toEqual(noCache);
  });

  it('--no-cache and --no-cache-filter exclude each other', async () => {
    expect(await problems(['--no-cache', '--no-cache-filter', 'a', '.'])).toHaveLength(1);
  });
});

describe('the network', () => {
  it('host allows itself', async () => {
    const got = await request(['--network=host', '.']);
    expect(got).toMatchObject({network: 'host', entitlements: new Set(['network.host'])});
  });

  it('of an unknown kind is refused', async () => {
    expect((await problems(['--network', 'bridge', '.']))[0]).toMatch(/default, none or host, got "bridge"/);
  });
});

describe('entitlements', () => {
  it('are known ones', async () => {
    expect((await request(['--allow', 'security.insecure', '.'])).entitlements).toEqual(
      new Set(['security.insecure']),
    );
    expect((await problems(['--allow', 'security.insecur', '.']))[0]).toMatch(
      /did you mean security.insecure/,
    );
  });
});

describe('secrets', () => {
  it('name files by absolute path', async () => {
    const {secrets} = await request(['--secret', 'id=a,src=etc/passwd', '--secret', 'id=b,env=X', '.']);
    expect(secrets).toEqual({a: {file: '/etc/passwd'}, b: {env: 'X'}});
  });

  it('that are not there are told at once', async () => {
    expect(await problems(['--secret', 'id=a,src=/no/such', '.'])).toEqual([
      '--secret id=a: no such file: /no/such',
    ]);
    expect(await problems(['--secret', 'id=a,src=/etc', '.'])).toEqual([
      '--secret id=a: /etc is a directory, not a file',
    ]);
  });
});

describe('--ssh', () => {
  it('takes private keys by absolute path', async () => {
    const {ssh} = await request(['--ssh', 'default=etc/passwd,etc/group', '.']);
    expect(ssh).toEqual({default: {keyFiles: ['/etc/passwd', '/etc/group']}});
  });

  it('says what is neither a key nor a socket', async () => {
    expect(await problems(['--ssh', 'a=etc', '--ssh', 'b=no/such', '.'])).toEqual([
      '--ssh a: etc is neither a socket nor a private key',
      '--ssh b: no such socket or key: no/such',
    ]);
  });
});

describe('mistakes', () => {
  it('are all told at once', async () => {
    const argv = [
      '-t',
      'App',
      '--network=x',
      '--ulimit=y',
      '--shm-size=z',
      '--add-host=q',
      '-o',
      'type=',
      '.',
    ];
    expect(await problems(argv)).toHaveLength(6);
  });
});
