import {describe, expect, it} from 'vitest';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import type {Platform} from '../../src/oci/platform.ts';
import type {Plan} from '../../src/plan/plan.ts';
import {amd64, execOf, historyOf, namesOf, path, planOf, problemsOf, verticesOf} from './plan-of.ts';

describe('stages', () => {
  it('A45: names are compared without case by --target and by from=', async () => {
    const text = 'FROM busybox AS Build\nRUN a\nFROM scratch\nCOPY --from=BUILD /a /';
    expect(namesOf(await planOf(text))).toContain('[build 2/2] RUN a');
    expect(namesOf(await planOf(text, {target: 'BUILD'}))).toContain('[build 2/2] RUN a');
  });

  it('A46: FROM sees only stages above it, by the exact name', async () => {
    const looked: string[] = [];
    const onResolve = (reference: string) => looked.push(reference);
    await planOf('FROM alpine AS busybox\nFROM busybox\nRUN x', {onResolve});
    expect(looked).toEqual(['docker.io/library/alpine:latest']);
    looked.length = 0;
    await planOf('FROM busybox AS one\nRUN x\nFROM alpine AS busybox', {target: 'one', onResolve});
    expect(looked).toEqual(['docker.io/library/busybox:latest']);
  });

  it('A46: a later stage of the same name wins for what comes after it', async () => {
    const text =
      'FROM busybox AS a\nRUN first\nFROM busybox AS a\nRUN second\nFROM scratch\nCOPY --from=a /x /';
    expect(namesOf(await planOf(text))).toContain('[a 2/2] RUN second');
  });

  it('A46: a name with capitals in FROM is no stage, and no image either', async () => {
    expect(await problemsOf('FROM busybox AS stage\nFROM Stage')).toEqual([
      'failed to parse stage name "Stage": invalid reference format: repository name (library/Stage) must be lowercase',
    ]);
  });

  it('A47: scratch has no layer, a PATH and a working directory', async () => {
    const plan = await planOf('FROM scratch');
    expect(plan.vertex).toBeUndefined();
    expect(plan.config.config).toEqual({Env: [path], WorkingDir: '/'});
    expect(plan.history).toEqual([]);
  });

  it('A48: only what the target needs is planned, and only its images are looked up', async () => {
    const looked: string[] = [];
    const text = 'FROM alpine AS unused\nRUN --mount=from=nobody/has:this x\nFROM busybox\nRUN y';
    const plan = await planOf(text, {onResolve: (reference) => looked.push(reference)});
    expect(looked).toEqual(['docker.io/library/busybox:latest']);
    expect(namesOf(plan).join()).not.toContain('RUN x');
  });

  it('A48: names of images are checked in stages nobody needs, too', async () => {
    expect(await problemsOf('FROM x/UPPER\nFROM busybox')).toEqual([
      'failed to parse stage name "x/UPPER": invalid reference format: repository name (x/UPPER) must be lowercase',
    ]);
  });

  it('A48: the same image is looked up once', async () => {
    const looked: string[] = [];
    const text = 'FROM busybox AS a\nRUN x\nFROM busybox\nCOPY --from=a /x /\nCOPY --from=busybox /y /';
    await planOf(text, {onResolve: (reference) => looked.push(reference)});
    expect(looked).toEqual(['docker.io/library/busybox:latest']);
  });

  it('A49: an unknown target is an error with the name that was meant', async () => {
    const error = await planOf('FROM busybox AS build', {target: 'biuld'}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BuildError);
    const [diagnostic] = (error as BuildError).diagnostics;
    expect(diagnostic).toMatchObject({
      message: 'target stage "biuld" could not be found',
      hints: ['did you mean build?'],
    });
  });

  it('A49: a number is no target, and no target is the last stage', async () => {
    expect(await problemsOf('FROM busybox', {target: '0'})).toEqual(['target stage "0" could not be found']);
    expect(historyOf(await planOf('FROM busybox\nENV a=1\nFROM busybox\nENV b=2'))).toEqual([
      'ENV b=2 (empty)',
    ]);
  });

  it('a file with a base image that cannot be had says which, where, and what was meant', async () => {
    const error = await planOf('FROM busybx').catch((reason: unknown) => reason);
    const [diagnostic] = (error as BuildError).diagnostics;
    expect(diagnostic.message).toBe(
      'busybx: failed to resolve source metadata for docker.io/library/busybx:latest: not found',
    );
    expect(diagnostic.span?.line).toBe(1);
    expect(diagnostic.hints).toEqual(['did you mean busybox?']);
  });

  it('all base images that cannot be had are told at once', async () => {
    const text = 'FROM nope:1 AS a\nFROM nope:2\nCOPY --from=a /x /';
    expect(await problemsOf(text)).toHaveLength(2);
  });

  it('A79: a stage that is copied from must stand above', async () => {
    const text = 'FROM busybox AS a\nCOPY --from=b /x /\nFROM busybox AS b\nFROM scratch\nCOPY --from=a /x /';
    expect(await problemsOf(text)).toEqual([
      'cannot copy from stage "b", it needs to be defined before current stage "a"',
    ]);
  });

  it('A79: a stage cannot read from itself', async () => {
    const text = 'FROM busybox AS build\nCOPY --from=build /x /';
    expect(await problemsOf(text)).toEqual(['circular dependency detected on stage: build']);
  });

  it('mistakes in several instructions are told at once, each with its line', async () => {
    const text = 'FROM busybox\nUSER ${a:?no a}\nENV x=1\nSTOPSIGNAL 0\nVOLUME $none';
    const error = await planOf(text).catch((reason: unknown) => reason);
    const told = (error as BuildError).diagnostics.map(({message, span}) => [span?.line, message]);
    expect(told).toEqual([
      [2, 'failed to process "${a:?no a}": a: no a'],
      [4, 'invalid signal: 0'],
      [5, 'VOLUME specified can not be an empty string'],
    ]);
  });

  it('a base name that becomes nothing is an error', async () => {
    expect(await problemsOf('ARG base\nFROM ${base}')).toEqual(['base name (${base}) should not be blank']);
  });

  it('equal steps on equal inputs are the identical vertex', async () => {
    const text = 'FROM busybox AS a\nRUN same\nFROM busybox AS b\nRUN same\nFROM a\nCOPY --from=b /x /';
    const names = namesOf(await planOf(text));
    expect(names.filter((name) => name.includes('RUN same'))).toEqual(['[a 2/2] RUN same']);
  });
});

describe('names of steps', () => {
  it('count FROM and the instructions that make layers', async () => {
    const plan = await planOf('FROM busybox\nENV a=1\nWORKDIR /w\nCOPY . .\nRUN make');
    const names = namesOf(plan);
    expect(names[0]).toMatch(/^\[1\/4\] FROM docker\.io\/library\/busybox:latest@sha256:/);
    expect(names.slice(1)).toEqual([
      '[2/4] WORKDIR /w',
      '[internal] load build context',
      '[3/4] COPY . .',
      '[4/4] RUN make',
    ]);
  });

  it('carry the stage where there are several, FROM of a stage not counting', async () => {
    const text = 'FROM busybox AS base\nRUN a\nFROM base\nRUN b\nRUN c';
    expect(namesOf(await planOf(text)).slice(1)).toEqual([
      '[base 2/2] RUN a',
      '[stage-1 1/2] RUN b',
      '[stage-1 2/2] RUN c',
    ]);
  });

  it('of a vertex that stages share are from the first stage in the file', async () => {
    const names = namesOf(await planOf('FROM busybox AS a\nRUN x\nFROM busybox\nCOPY --from=a /x /'));
    expect(names.filter((name) => name.includes('FROM'))).toEqual([
      expect.stringMatching(/^\[a 1\/2\] FROM/),
    ]);
  });

  it('line up when there are ten or more', async () => {
    const text = `FROM scratch\n${'RUN x\n'.repeat(10)}`;
    const names = namesOf(await planOf(text));
    expect(names[0]).toBe('[ 1/10] RUN x');
    expect(names[9]).toBe('[10/10] RUN x');
  });

  it('show variables filled in, those of the shell left alone', async () => {
    const names = namesOf(await planOf('FROM scratch\nARG v=1\nRUN echo "$v" $later\nCOPY $v \'a\' /\n'));
    expect(names).toContain('[1/2] RUN echo "1" $later');
    expect(names).toContain('[2/2] COPY 1 a /');
  });

  it('say the keyword in capitals', async () => {
    expect(namesOf(await planOf('from scratch\nrun x'))).toEqual(['[1/1] RUN x']);
  });
});

describe('base images', () => {
  const base = {
    'docker.io/library/base:latest': {
      Env: ['A=1'],
      User: 'me',
      WorkingDir: '/w',
      Cmd: ['run'],
      Entrypoint: ['e'],
      Labels: {l: '1'},
      Volumes: {'/v': {}},
      ExposedPorts: {'80/tcp': {}},
      Shell: ['/bin/bash', '-c'],
      StopSignal: 'SIGINT',
      Healthcheck: {Test: ['NONE']},
      OnBuild: ['RUN trigger'],
    },
  };

  it('A51: everything is inherited, triggers run and are gone', async () => {
    const plan = await planOf('FROM base', {images: base});
    const {OnBuild: _, ...inherited} = base['docker.io/library/base:latest'];
    expect(plan.config.config).toEqual({...inherited, Env: ['A=1', path]});
    expect(historyOf(plan)).toEqual(['RUN /bin/bash -c trigger # buildkit']);
    expect(plan.baseHistoryCount).toBe(1);
    expect(execOf(plan)).toMatchObject({user: 'me', cwd: '/w', env: ['A=1', path]});
  });

  it('A51: times of the base image do not travel into the config, but in its history', async () => {
    const plan = await planOf('FROM busybox');
    expect(plan.config.created).toBeUndefined();
    expect(plan.history[0]?.created).toBe('2020-01-01T00:00:00Z');
    expect(plan.config.rootfs.diff_ids).toEqual([]);
  });

  it('A33: PATH is added only where there is none', async () => {
    const plan = await planOf('FROM base', {images: {'docker.io/library/base:latest': {Env: ['PATH=/x']}}});
    expect(plan.config.config.Env).toEqual(['PATH=/x']);
  });

  it('A50: --platform is an expression over the global arguments', async () => {
    const looked: unknown[] = [];
    const text =
      'ARG arch=arm64\nFROM --platform=linux/$arch busybox AS a\n' +
      'FROM --platform=$BUILDPLATFORM busybox\nCOPY --from=a / /';
    await planOf(text, {onResolve: (_, platform) => looked.push(platform)});
    expect(looked).toEqual(expect.arrayContaining([{os: 'linux', architecture: 'arm64'}, amd64]));
  });

  it('A50: a platform that is nothing or unknown is an error', async () => {
    expect(await problemsOf('ARG p\nFROM --platform=$p busybox')).toEqual([
      'empty platform value from expression $p',
    ]);
    expect(await problemsOf('FROM --platform=nonsense busybox')).toEqual([
      'failed to parse platform nonsense: "nonsense": unknown operating system or architecture: invalid argument',
    ]);
  });

  it('A50: the platform that was asked for is the image of the result, otherwise that of its base', async () => {
    const arm64 = {os: 'linux', architecture: 'arm64'};
    const text = 'FROM --platform=$BUILDPLATFORM busybox';
    const given = await planOf(text, {targetPlatform: arm64, platformGiven: true});
    expect(given.config).toMatchObject({os: 'linux', architecture: 'arm64'});
    const implicit = await planOf('FROM busybox', {imagePlatform: arm64});
    expect(implicit.config).toMatchObject({os: 'linux', architecture: 'arm64'});
  });
});

describe('named contexts (A52)', () => {
  it('replace an image, a stage or the name in from=', async () => {
    const namedContexts = {
      alpine: {type: 'image', reference: 'docker.io/library/debian:12'},
      src: {type: 'local', name: 'src'},
    } as const;
    const plan = await planOf('FROM docker.io/library/alpine:latest\nCOPY --from=src . .', {namedContexts});
    const names = namesOf(plan);
    expect(names[0]).toMatch(
      /^\[context docker\.io\/library\/alpine:latest\] docker\.io\/library\/debian:12@/,
    );
    expect(names[1]).toBe('[context src] load from client');
  });

  it('replace a whole stage', async () => {
    const namedContexts = {build: {type: 'local', name: 'dir'}} as const;
    const text = 'FROM busybox AS build\nRUN never\nFROM scratch\nCOPY --from=build /x /';
    const plan = await planOf(text, {namedContexts});
    expect(verticesOf(plan).map((vertex) => vertex.op.kind)).toEqual(['source', 'file']);
    expect(namesOf(plan)[0]).toBe('[context build] load from client');
  });

  it('can be what a stage stands on: a directory becomes its first layer', async () => {
    const namedContexts = {n: {type: 'local', name: 'n'}} as const;
    const plan = await planOf('FROM n\nCOPY a /', {namedContexts});
    expect(verticesOf(plan).map((vertex) => vertex.op.kind)).toEqual(['source', 'file', 'source', 'file']);
    // No instruction made that layer: as in BuildKit an entry at the end makes up for it, called as the last layer is.
    expect(historyOf(plan)).toEqual(['COPY a / # buildkit', 'fileop target']);
    expect(historyOf(await planOf('FROM n AS a\nFROM a\nRUN x', {namedContexts}))).toEqual([
      'RUN /bin/sh -c x # buildkit',
      'mount / from exec /bin/sh -c x',
    ]);
    const replaced = await planOf('FROM scratch AS n\nFROM n\nENV a=b', {namedContexts});
    expect(historyOf(replaced)).toEqual(['ENV a=b (empty)', 'local source for n']);
  });

  it('can be nothing', async () => {
    const namedContexts = {n: {type: 'empty'}} as const;
    expect(await planOf('FROM n', {namedContexts})).toMatchObject({history: []});
    const plan = await planOf('FROM scratch\nCOPY --from=n /* /', {namedContexts});
    expect(verticesOf(plan).map((vertex) => vertex.op.kind)).toEqual(['file']);
  });

  it('may be for one platform only', async () => {
    const namedContexts = {'busybox::linux/arm64': {type: 'local', name: 'x'}} as const;
    expect(namesOf(await planOf('FROM busybox\nRUN x', {namedContexts}))[0]).toContain('FROM docker.io');
  });

  it('cannot be called scratch', async () => {
    const namedContexts = {scratch: {type: 'local', name: 'x'}} as const;
    expect((await planOf('FROM scratch', {namedContexts})).vertex).toBeUndefined();
  });
});

describe('the names of steps in a build for several platforms', () => {
  const arm64: Platform = {os: 'linux', architecture: 'arm64'};
  const several = {targetPlatform: arm64, platformGiven: true, showsPlatforms: true};

  it('begin with the platform of their stage', async () => {
    const names = namesOf(
      await planOf('FROM busybox AS a\nRUN x\nFROM busybox\nCOPY --from=a /x /', several),
    );
    expect(names.filter((name) => !name.includes(' FROM '))).toEqual([
      '[linux/arm64 a 2/2] RUN x',
      '[linux/arm64 stage-1 2/2] COPY --from=a /x /',
    ]);
    expect(names[0]).toMatch(/^\[linux\/arm64 a 1\/2\] FROM /);
  });

  it('say what is compiled for which other machine, where the stage knows it', async () => {
    const text =
      'FROM --platform=$BUILDPLATFORM busybox AS build\nRUN before\nARG TARGETARCH\nRUN make\nFROM scratch\nCOPY --from=build /x /';
    expect(namesOf(await planOf(text, several)).slice(1)).toEqual([
      '[linux/amd64 build 2/3] RUN before',
      '[linux/amd64->arm64 build 3/3] RUN make',
      '[linux/arm64 stage-1 1/1] COPY --from=build /x /',
    ]);
    const armV7 = {os: 'linux', architecture: 'arm', variant: 'v7'};
    const whole = text.replace('TARGETARCH', 'TARGETPLATFORM');
    expect(namesOf(await planOf(whole, {...several, targetPlatform: armV7}))).toContain(
      '[linux/amd64->arm/v7 build 3/3] RUN make',
    );
  });

  it('are the same for steps that are one, so that their vertices are, too', async () => {
    const text =
      'FROM --platform=$BUILDPLATFORM busybox AS build\nRUN make\nFROM busybox\nCOPY --from=build /x /';
    const [one, other] = await Promise.all([
      planOf(text, several),
      planOf(text, {...several, targetPlatform: amd64}),
    ]);
    const idOf = (plan: Plan, name: string): string | undefined =>
      verticesOf(plan).find(({origin}) => origin.name === name)?.id;
    const make = '[linux/amd64 build 2/2] RUN make';
    expect(idOf(one, make)).toMatch(/^sha256:/);
    expect(idOf(one, make)).toBe(idOf(other, make));
    expect(one.vertex?.id).not.toBe(other.vertex?.id);
  });
});

describe('a build for another platform', () => {
  const s390x: Platform = {os: 'linux', architecture: 's390x'};

  it('has its platform in the config, also from scratch', async () => {
    const armV6: Platform = {os: 'linux', architecture: 'arm', variant: 'v6'};
    const {config, platform} = await planOf('FROM scratch\nCOPY a /', {
      targetPlatform: armV6,
      platformGiven: true,
    });
    expect(config).toMatchObject(armV6);
    expect(platform).toEqual(armV6);
  });

  it('has its own predefined arguments', async () => {
    const text =
      'FROM busybox\nARG TARGETPLATFORM\nARG TARGETOS\nARG TARGETARCH\nARG TARGETVARIANT\nARG BUILDPLATFORM\nRUN x';
    const envFor = async (targetPlatform: Platform): Promise<readonly string[]> =>
      execOf(await planOf(text, {targetPlatform, platformGiven: true})).env.slice(1);
    expect(await envFor(s390x)).toEqual([
      'TARGETPLATFORM=linux/s390x',
      'TARGETOS=linux',
      'TARGETARCH=s390x',
      'TARGETVARIANT=',
      'BUILDPLATFORM=linux/amd64',
    ]);
    expect(await envFor({os: 'linux', architecture: 'arm', variant: 'v7'})).toContain('TARGETVARIANT=v7');
  });
});
