// Whole commands in memory, with an engine that does what a test says.

import {describe, expect, it} from 'vitest';
import type {BuildRequest, BuildResult, EngineOptions} from '../../src/build/request.ts';
import type {BuildFunction} from '../../src/cli/build-function.ts';
import {runCli} from '../../src/cli/run.ts';
import {buildError} from '../../src/diagnostics/build-error.ts';
import {HelperError} from '../../src/helper/helper.ts';
import {digestOf} from '../../src/oci/digest.ts';
import {AssertionError} from '../../src/util/assert.ts';
import {type MemoryIo, type MemoryIoOptions, memoryIo} from './memory-io.ts';

const imageId = digestOf('config');
const built: BuildResult = {
  exports: [{configDigest: imageId, imageDigest: digestOf('manifest')}],
  executed: 1,
  cached: 0,
  provenance: async () => [],
};

interface Outcome {
  readonly code: number;
  readonly io: MemoryIo;
  readonly request: BuildRequest | undefined;
  readonly options: EngineOptions | undefined;
}

async function run(
  argv: readonly string[],
  more: MemoryIoOptions & {engine?: BuildFunction; interrupt?: AbortSignal} = {},
): Promise<Outcome> {
  const io = memoryIo(more);
  let request: BuildRequest | undefined;
  let options: EngineOptions | undefined;
  const code = await runCli(
    argv,
    io,
    more.interrupt ?? new AbortController().signal,
    async (r, o, signal) => {
      request = r;
      options = o;
      return more.engine === undefined ? built : more.engine(r, o, signal);
    },
  );
  return {code, io, request, options};
}

const failing =
  (error: unknown): BuildFunction =>
  async () => {
    throw error;
  };

describe('exit codes', () => {
  it('a build that worked is 0', async () => {
    expect((await run(['.'])).code).toBe(0);
  });

  it.each([
    ['user', 1],
    ['step', 1],
    ['usage', 2],
    ['environment', 3],
  ] as const)('a failure of kind %s is %d, told without a stack', async (kind, code) => {
    const {io, code: got} = await run(['.'], {engine: failing(buildError(kind, 'some-code', 'went wrong'))});
    expect(got).toBe(code);
    expect(io.err()).toMatch(/went wrong/);
    expect(io.err()).not.toMatch(/^\s+at /m);
    expect(io.out()).toBe('');
  });

  it('a wrong command line is 2 and never reaches the engine', async () => {
    const {code, request, io} = await run(['--taget=x', '.']);
    expect(code).toBe(2);
    expect(request).toBeUndefined();
    expect(io.err()).toMatch(/did you mean --target/);
  });

  it('a full disk is 3, wherever it strikes', async () => {
    const full = Object.assign(new Error('ENOSPC: write'), {code: 'ENOSPC'});
    const {code, io} = await run(['.'], {engine: failing(full)});
    expect(code).toBe(3);
    expect(io.err()).toMatch(/no space left on device/);
  });

  it('a full disk that the helper meets is 3, too, and no bug', async () => {
    const full = new HelperError('pack', 28, '', 'cannot write the blob: no space left on device');
    const {code, io} = await run(['.'], {engine: failing(full)});
    expect(code).toBe(3);
    expect(io.err()).toMatch(/cannot write the blob: no space left on device\n {2}hint: free some space/);
    expect(io.err()).not.toMatch(/report/);
  });

  it('a bug is 70, with version and stack', async () => {
    const {code, io} = await run(['.'], {engine: failing(new AssertionError('cannot be'))});
    expect(code).toBe(70);
    expect(io.err()).toMatch(/report/);
    expect(io.err()).toMatch(/node v\d+/);
    expect(io.err()).toMatch(/cannot be[\s\S]*\n\s+at /);
  });

  it.each([
    ['an abort', new Error('aborted')],
    ['a step that was killed', buildError('step', 'step-failed', 'exit code 137')],
  ])('%s after Ctrl-C is 130', async (_, error) => {
    const controller = new AbortController();
    controller.abort(new Error('interrupted'));
    const {code, io} = await run(['.'], {interrupt: controller.signal, engine: failing(error)});
    expect(code).toBe(130);
    expect(io.err()).toBe('interrupted\n');
  });

  it('a misspelt command is told as one', async () => {
    const {code, io} = await run(['imags']);
    expect(code).toBe(1);
    expect(io.err()).toMatch(/context "imags" not found[\s\S]*did you mean the command tsbuild images/);
  });

  it('no arguments at all are told what is missing', async () => {
    const {code, io} = await run([]);
    expect(code).toBe(2);
    expect(io.err()).toMatch(/got none[\s\S]*tsbuild --help/);
  });

  it('a context that is not there is 1', async () => {
    const {code, io} = await run(['/no/such/place']);
    expect(code).toBe(1);
    expect(io.err()).toMatch(/\/no\/such\/place/);
  });
});

describe('--version and --help', () => {
  it.each([[['--version']], [['-V']], [['version']], [['build', '--version']]])('%j', async (argv) => {
    const {code, io} = await run(argv);
    expect(code).toBe(0);
    expect(io.out()).toMatch(/^tsbuild \d+\.\d+\.\d+/);
  });

  it.each([[['--help']], [['-h']], [['help']], [['build', '--help']], [['--pull', '-h']]])(
    '%j',
    async (argv) => {
      const {code, io} = await run(argv);
      expect(code).toBe(0);
      expect(io.out()).toMatch(/Usage:[\s\S]*--build-arg[\s\S]*Exit codes:/);
    },
  );

  it('help of a command is about the command', async () => {
    expect((await run(['images', '--help'])).io.out()).toMatch(/tsbuild images/);
    expect((await run(['help', 'inspect'])).io.out()).toMatch(/tsbuild inspect .*IMAGE/);
  });

  it.each([[['cache-mount', '--help']], [['cache-mount', '-h']], [['help', 'cache-mount']]])(
    '%j lists what the first word is several commands for',
    async (argv) => {
      const {code, io} = await run(argv);
      expect(code).toBe(0);
      expect(io.out()).toMatch(/^Usage:[\s\S]*tsbuild cache-mount inspect[\s\S]*tsbuild cache-mount prune/);
    },
  );
});

describe('--quiet', () => {
  it('prints the image ID and nothing else', async () => {
    const {io} = await run(['-q', '.'], {
      engine: async (_, {emit}) => {
        emit({type: 'step-started', step: 's', name: 'RUN x', atMs: 0});
        emit({type: 'step-finished', step: 's', name: 'RUN x', atMs: 1, outcome: 'done'});
        return built;
      },
    });
    expect(io.out()).toBe(`${imageId}\n`);
    expect(io.err()).toBe('');
  });

  it('does not go with an output to standard output', async () => {
    expect((await run(['-q', '-o', '-', '.'])).code).toBe(2);
  });

  it.each([
    [['-q', '--progress', 'plain'], 2],
    [['-q', '--progress=auto'], 0],
    [['-q', '--progress=quiet'], 0],
  ])('%j ends with %d', async (argv, code) => {
    expect((await run([...argv, '.'])).code).toBe(code);
  });
});

describe('progress', () => {
  const engine: BuildFunction = async (_, {emit}) => {
    emit({type: 'step-started', step: 's', name: 'RUN x', atMs: 0});
    emit({type: 'step-finished', step: 's', name: 'RUN x', atMs: 1, outcome: 'done'});
    return built;
  };
  const plain = /^#1 RUN x$/m;
  const tty = /\[\+\] Building/;
  const json = /^\{"vertexes"/;

  it.each([
    ['plain without a terminal', [], {}, plain],
    ['tty on a terminal', [], {stderrIsTty: true, env: {TERM: 'xterm'}}, tty],
    ['plain on a dumb terminal', [], {stderrIsTty: true, env: {TERM: 'dumb'}}, plain],
    ['what BUILDKIT_PROGRESS says', [], {env: {BUILDKIT_PROGRESS: 'rawjson'}}, json],
    ['what --progress says before that', ['--progress=plain'], {env: {BUILDKIT_PROGRESS: 'rawjson'}}, plain],
    ['rawjson', ['--progress', 'rawjson'], {}, json],
    ['nothing for none', ['--progress=none'], {}, /^$/],
  ])('is %s', async (_, argv, options, pattern) => {
    const {io} = await run([...argv, '.'], {...options, engine});
    expect(io.err()).toMatch(pattern);
    expect(io.out()).toBe('');
  });

  it('of an unknown kind is refused, and where it came from told', async () => {
    expect((await run(['--progress=fancy', '.'])).io.err()).toMatch(/--progress expects .*got "fancy"/);
    const {code, io} = await run(['.'], {env: {BUILDKIT_PROGRESS: 'fancy'}});
    expect(code).toBe(2);
    expect(io.err()).toMatch(/BUILDKIT_PROGRESS expects/);
  });
});

describe('the log of a failed step', () => {
  const engine: BuildFunction = async (_, {emit}) => {
    const step = {step: 's', name: 'RUN x', atMs: 0} as const;
    emit({type: 'step-started', ...step});
    emit({type: 'step-output', step: 's', stream: 'stdout', data: Buffer.from('last words\n'), atMs: 0});
    emit({type: 'step-finished', ...step, outcome: 'error', error: 'exit code: 1'});
    throw buildError('step', 'exec-exit-nonzero', 'exit code: 1', {notes: ['last words']});
  };

  it.each([
    ['quiet', 1],
    ['tty', 1],
    // As it came, and again beside the error: the log may be long.
    ['plain', 2],
  ])('is shown by %s progress %d times', async (progress, count) => {
    const {io} = await run([`--progress=${progress}`, '.'], {engine});
    expect(io.err().split('last words')).toHaveLength(count + 1);
  });
});

describe('where the state is', () => {
  it.each([
    ['--root', ['--root', '/a'], {TSBUILD_ROOT: '/b'}, '/a'],
    ['TSBUILD_ROOT', [], {TSBUILD_ROOT: '/b'}, '/b'],
    ['a relative --root', ['--root', 'a'], {}, '/a'],
  ])('is told by %s', async (_, argv, env, root) => {
    expect((await run([...argv, '.'], {env})).options?.root).toBe(root);
  });

  it('--config and TSBUILD_CONFIG name the configuration', async () => {
    expect((await run(['--config', 'c.toml', '.'])).options?.configFile).toBe('/c.toml');
    expect((await run(['.'], {env: {TSBUILD_CONFIG: '/d.toml'}})).options?.configFile).toBe('/d.toml');
    expect((await run(['.'])).options?.configFile).toBeUndefined();
  });
});
