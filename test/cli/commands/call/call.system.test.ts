// --check and --call on real directories, with images that need no registry.

import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {runCli} from '../../../../src/cli/run.ts';
import {memoryIo} from '../../memory-io.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tsbuild-call-'));
});
afterAll(async () => {
  await rm(directory, {recursive: true, force: true});
});

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function ask(files: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Answer> {
  const context = await mkdtemp(join(directory, 'context-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(context, name), text);
  const io = memoryIo({cwd: context, env: {TSBUILD_ROOT: join(directory, 'state')}});
  const code = await runCli(['build', ...args, '.'], io, new AbortController().signal);
  return {code, out: io.out(), err: io.err()};
}

describe('--check', () => {
  it('says that there is nothing to say, and exits with 0', async () => {
    const {code, out} = await ask({Dockerfile: 'FROM scratch\nLABEL a=b\n'}, '--check');
    expect(out).toBe('Check complete, no warnings found.\n');
    expect(code).toBe(0);
  });

  it('shows each warning with its place and page, and exits with 1', async () => {
    const {code, out} = await ask({Dockerfile: 'FROM scratch AS A\nLABEL a b\nFROM scratch\n'}, '--check');
    expect(out).toContain('Check complete, 2 warnings have been found!');
    expect(out).toContain(
      "warning[StageNameCasing]: Stage name 'A' should be lowercase\n --> Dockerfile:1:1",
    );
    expect(out).toContain('  see https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/\n');
    expect(code).toBe(1);
  });

  it('looks at one target when it is named', async () => {
    const files = {Dockerfile: 'FROM scratch AS a\nLABEL a b\nFROM scratch AS b\n'};
    expect((await ask(files, '--check', '--target=b')).code).toBe(0);
    expect((await ask(files, '--check', '--target=a')).code).toBe(1);
  });

  it('knows the .dockerignore of the context', async () => {
    const files = {Dockerfile: 'FROM scratch\nCOPY x /\n', '.dockerignore': 'x\n'};
    expect((await ask(files, '--check')).out).toContain('CopyIgnoredFile');
  });

  it('fails on a .dockerignore that the build could not read, and only where the build would read it', async () => {
    const ignore = {'.dockerignore': '[a\n', x: ''};
    const copying = await ask({Dockerfile: 'FROM scratch\nCOPY x /\n', ...ignore}, '--check');
    expect(copying.err).toContain('syntax error in pattern');
    expect(copying.code).toBe(1);
    expect((await ask({Dockerfile: 'FROM scratch\nLABEL a=b\n', ...ignore}, '--check')).code).toBe(0);
  });

  it('tells what keeps the build from beginning, after the warnings', async () => {
    const {code, out, err} = await ask({Dockerfile: 'FROM scratch AS A\nRUNN x\n'}, '--check');
    expect(out).toMatch(/^Check stopped by an error, 1 warning has been found!/);
    expect(err).toContain('unknown instruction: RUNN');
    expect(code).toBe(1);
  });

  it('fails on options that cannot be read', async () => {
    const {code, err} = await ask({Dockerfile: '# check=oops\nFROM scratch\n'}, '--check');
    expect(err).toContain('failed to parse check options: invalid check option "oops"');
    expect(code).toBe(1);
  });

  it('as JSON has the members of the lint subrequest', async () => {
    const {out} = await ask({Dockerfile: 'FROM scratch\nMAINTAINER x\n'}, '--call=check,format=json');
    const {warnings, sources} = JSON.parse(out) as {warnings: unknown[]; sources: unknown[]};
    expect(warnings).toEqual([
      {
        ruleName: 'MaintainerDeprecated',
        description:
          'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
        url: 'https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/',
        detail: 'Maintainer instruction is deprecated in favor of using label',
        location: {ranges: [{start: {line: 2}, end: {line: 2}}]},
      },
    ]);
    expect(sources).toHaveLength(1);
  });

  it('with ignorestatus exits with 0 all the same', async () => {
    const {code} = await ask({Dockerfile: 'FROM scratch\nMAINTAINER x\n'}, '--call=check,ignorestatus=true');
    expect(code).toBe(0);
  });
});

describe('a build', () => {
  const files = {Dockerfile: 'FROM scratch\nMAINTAINER x\n'};

  it('prints warnings below everything else, with the line they are about', async () => {
    const {code, err} = await ask(files, '-o', 'type=cacheonly');
    expect(err).toMatch(/ 1 warning found:\n - MaintainerDeprecated: .* \(line 2\)\n {6}2 │ MAINTAINER x\n$/);
    expect(code).toBe(0);
  });

  it('fails on warnings when it is told to', async () => {
    const {code, err} = await ask(files, '--build-arg', 'BUILDKIT_DOCKERFILE_CHECK=error=true');
    expect(err).toContain('lint violation found for rules: MaintainerDeprecated');
    expect(code).toBe(1);
  });
});

const described = `# VERSION is what is built
ARG VERSION=1
ARG UNUSED=2
# base is below all
FROM scratch AS base
# MODE says how
ARG MODE
ARG VERSION
FROM base AS tool
RUN --mount=type=secret,id=key,required=true --mount=type=ssh true
FROM scratch AS other
ARG ELSEWHERE
FROM tool
`;

describe('--call=outline', () => {
  it('tells what the target takes', async () => {
    const {out, code} = await ask({Dockerfile: described}, '--call=outline', '--build-arg=MODE=fast');
    expect(out).toBe(
      [
        'TARGET:      default',
        '',
        'BUILD ARG  VALUE  DESCRIPTION',
        'VERSION    1      is what is built',
        'MODE       fast   says how',
        '',
        'SECRET  REQUIRED',
        'key     true',
        '',
        'SSH      REQUIRED',
        'default',
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
  });

  it('as JSON leaves out what is not there', async () => {
    const {out} = await ask({Dockerfile: described}, '--call=outline,format=json', '--target=other');
    expect(JSON.parse(out)).toEqual({
      name: 'other',
      args: [{name: 'ELSEWHERE', location: {ranges: [{start: {line: 12}, end: {line: 12}}]}}],
      sources: [Buffer.from(described).toString('base64')],
    });
  });
});

describe('--call=targets', () => {
  it('lists what --target can name, and the default', async () => {
    const {out} = await ask({Dockerfile: described}, '--call=targets');
    expect(out).toBe('TARGET     DESCRIPTION\nbase       is below all\ntool\nother\n(default)\n');
  });
});

describe('--call=subrequests.describe', () => {
  it('lists what can be asked, without reading the Dockerfile', async () => {
    const {code, out} = await ask({}, '--call=subrequests.describe');
    const names = out.split('\n').map((line) => line.split(' ')[0]);
    expect(names).toEqual(['NAME', 'outline', 'targets', 'lint', 'subrequests.describe', '']);
    expect(code).toBe(0);
  });

  it('has the full names in JSON', async () => {
    const {out} = await ask({}, '--call=subrequests.describe,format=json');
    const names = (JSON.parse(out) as {name: string; type: string}[]).map(
      ({name, type}) => `${name} ${type}`,
    );
    expect(names).toContain('frontend.outline rpc');
    expect(names).toContain('frontend.subrequests.describe rpc');
  });
});
