import {describe, expect, it} from 'vitest';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {parseCommandLine} from './parse-command-line.ts';

function problemsOf(...argv: string[]): string[] {
  try {
    parseCommandLine(argv);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    expect(error.kind).toBe('usage');
    return error.diagnostics.map(({message, hints}) => [message, ...(hints ?? [])].join('; '));
  }
  return [];
}

describe('the command', () => {
  it.each([
    ['build when it is left out', ['.'], 'build', ['.']],
    ['build when it is named', ['build', '.'], 'build', ['.']],
    ['looked for behind global flags', ['--root', '/r', 'images'], 'images', []],
    ['looked for behind global flags with =', ['--root=/r', 'inspect', 'x'], 'inspect', ['x']],
    ['looked for behind docker’s own flag', ['-D', '--root=/r', 'images', 'x'], 'images', ['x']],
    ['build behind it', ['--debug', '.'], 'build', ['.']],
    ['not looked for behind flags of build', ['-t', 'images', '.'], 'build', ['.']],
    ['not looked for behind a context', ['.', 'images'], 'build', ['.', 'images']],
    ['not a word that only begins like one', ['image'], 'build', ['image']],
    ['build in docker’s longer words', ['--root=/r', 'buildx', 'build', '.'], 'build', ['.']],
    ['docker’s words of a group', ['image', 'ls', 'web'], 'images', ['web']],
    ['the same of three words', ['buildx', 'imagetools', 'inspect', 'x'], 'imagetools inspect', ['x']],
    ['a group before a path', ['image', './x'], 'build', ['image', './x']],
    ['not looked for in those words', ['image', 'build'], 'build', []],
  ])('is %s', (_, argv, command, operands) => {
    const line = parseCommandLine(argv);
    expect(line.command).toBe(command);
    expect(line.operands).toEqual(operands);
  });

  it.each([
    [['image', 'prune', '-f'], /^there is no command image prune; tsbuild rmi .* tsbuild prune/],
    [['--root=/r', 'system', 'prune', '-af'], /^there is no command system prune; tsbuild prune/],
    [['buildx', 'create', '--use'], /^there is no command buildx create; there are no builder instances/],
    [['manifest', 'inspect', 'x'], /^there is no command manifest inspect; tsbuild imagetools inspect/],
    [['image', 'constructor'], /^there is no command image constructor; tsbuild --help/],
  ])('of docker’s that is not there is said to be so, whatever its flags: %j', (argv, told) => {
    expect(problemsOf(...argv)).toEqual([expect.stringMatching(told)]);
  });

  it('debug keeps its arguments as they are', () => {
    const line = parseCommandLine(['debug', 'parse', '--json', '-']);
    expect(line).toMatchObject({command: 'debug', operands: ['parse', '--json', '-']});
  });
});

describe('flags with values', () => {
  it.each([
    ['-f a', ['-f', 'a'], 'file', ['a']],
    ['-fa', ['-fa'], 'file', ['a']],
    ['-f=a', ['-f=a'], 'file', ['a']],
    ['--file a', ['--file', 'a'], 'file', ['a']],
    ['--file=a', ['--file=a'], 'file', ['a']],
    ['--file= (empty)', ['--file='], 'file', ['']],
    ['a value with =', ['--build-arg=A=b=c'], 'build-arg', ['A=b=c']],
    ['a value that looks like a flag', ['--build-arg', '--x'], 'build-arg', ['--x']],
    ['a dash', ['-f', '-'], 'file', ['-']],
    ['repetition', ['-t', 'a', '-t', 'b', '--tag=c'], 'tag', ['a', 'b', 'c']],
    ['a cluster', ['-qt', 'a'], 'tag', ['a']],
    ['a flag behind the context', ['.', '-t', 'a'], 'tag', ['a']],
  ])('take %s', (_, argv, name, values) => {
    expect(parseCommandLine([...argv, 'last']).flags.all(name)).toEqual(values);
  });

  it('without a value are told what is missing', () => {
    expect(problemsOf('.', '--target')).toEqual(['--target needs a value: --target STAGE']);
  });

  it('where one value is meant the last one wins', () => {
    expect(parseCommandLine(['--target', 'a', '--target', 'b', '.']).flags.last('target')).toBe('b');
  });

  it('stop at --', () => {
    const line = parseCommandLine(['-t', 'a', '--', '--pull=true']);
    expect(line.operands).toEqual(['--pull=true']);
    expect(line.flags.has('pull')).toBe(false);
  });
});

describe('boolean flags', () => {
  it.each([
    [['--pull'], true],
    [['--pull=true'], true],
    [['--pull=1'], true],
    [['--pull=false'], false],
    [['--pull=0'], false],
    [['--pull', '--pull=false'], false],
    [['--pull=false', '--pull'], true],
    [[], false],
  ])('%j is %j', (argv, value) => {
    expect(parseCommandLine([...argv, '.']).flags.has('pull')).toBe(value);
  });

  it.each([
    [['-q'], 'quiet'],
    [['-q=true'], 'quiet'],
    [['--no-cache'], 'no-cache'],
    [['--no-cache=true'], 'no-cache'],
  ])('%j sets %s', (argv, name) => {
    expect(parseCommandLine([...argv, '.']).flags.has(name)).toBe(true);
  });

  it('--no-cache is not mixed up with --no-cache-filter', () => {
    const {flags} = parseCommandLine(['--no-cache-filter', 'a', '.']);
    expect(flags.has('no-cache')).toBe(false);
    expect(flags.all('no-cache-filter')).toEqual(['a']);
  });

  it('refuse what is neither true nor false', () => {
    expect(problemsOf('--pull=banana', '.')).toEqual(['--pull expects true or false, got "banana"']);
  });
});

describe('flags of docker', () => {
  it.each([
    ['--rm'],
    ['--rm=false'],
    ['--force-rm'],
    ['--compress'],
    ['-D'],
    ['--disable-content-trust=true'],
  ])('%s changes nothing', (flag) => {
    expect(parseCommandLine([flag, '.']).operands).toEqual(['.']);
  });

  it('nobody is left to believe that images are checked by Notary', () => {
    expect(problemsOf('--disable-content-trust=false', '.')).toEqual([
      '--disable-content-trust cannot be switched off: there is no Notary',
    ]);
  });

  it.each([['--provenance=false'], ['--sbom=false'], ['--squash=false']])(
    '%s asks for what happens anyway',
    (flag) => {
      expect(problemsOf(flag, '.')).toEqual([]);
    },
  );

  it.each([[['--builder', 'x']]])('%j is refused in one sentence that names it', (argv) => {
    const problems = problemsOf(...argv, '.');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^--[a-z-]+ is not supported/);
  });

  it('the builder that everybody has is taken', () => {
    expect(problemsOf('--builder', 'default', '.')).toEqual([]);
  });
});

describe('unknown flags', () => {
  it('are told with what was probably meant', () => {
    expect(problemsOf('--taget', 'x', '.')).toEqual(['unknown flag --taget; did you mean --target?']);
  });

  it('with a value after = are told without it', () => {
    expect(problemsOf('--buildarg=A=secret', '.')).toEqual([
      'unknown flag --buildarg; did you mean --build-arg?',
    ]);
  });

  it('like nothing known are told plainly', () => {
    expect(problemsOf('--zzzzzz', '.')).toEqual(['unknown flag --zzzzzz; tsbuild --help lists the flags']);
    expect(problemsOf('run', '--zzzzzz', 'app')).toEqual([
      'unknown flag --zzzzzz; tsbuild run --help lists the flags',
    ]);
  });

  it('are all told at once', () => {
    expect(problemsOf('--taget', 'x', '--builder', 'x', '-Z', '.')).toHaveLength(3);
  });

  it('of another command are unknown', () => {
    expect(problemsOf('images', '--target', 'x')[0]).toMatch(/unknown flag --target/);
  });
});
