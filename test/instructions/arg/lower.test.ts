import {describe, expect, it} from 'vitest';
import {execOf, historyOf, path, planOf} from '../../plan/plan-of.ts';

describe('ARG', () => {
  it('A34: before FROM it is seen by FROM and by a bare ARG only', async () => {
    const plan = await planOf('ARG v=busybox\nFROM $v\nENV a=[$v]\nARG v\nENV b=[$v]');
    expect(historyOf(plan)).toEqual(['ENV a=[] (empty)', 'ARG v=busybox (empty)', 'ENV b=[busybox] (empty)']);
  });

  it('A34: a default in the stage hides the one before FROM', async () => {
    const plan = await planOf('ARG v=1\nFROM scratch\nARG v=2');
    expect(historyOf(plan)).toEqual(['ARG v=2 (empty)']);
  });

  it('A34: defaults before FROM see those above them', async () => {
    const plan = await planOf('ARG a=1 b=$a-2\nARG c=${b}-3\nFROM scratch\nARG c');
    expect(historyOf(plan)).toEqual(['ARG c=1-2-3 (empty)']);
  });

  it('A35: lasts from its line to the end of the stage, and into stages on top of it', async () => {
    const text = 'FROM scratch AS a\nENV x=[$v]\nARG v=1\nFROM a\nENV y=[$v]\nRUN z';
    const plan = await planOf(text);
    expect(historyOf(plan)).toEqual([
      'ENV x=[] (empty)',
      'ARG v=1 (empty)',
      'ENV y=[1] (empty)',
      'RUN |1 v=1 /bin/sh -c z # buildkit',
    ]);
  });

  it('A35: several on a line see each other', async () => {
    expect(historyOf(await planOf('FROM scratch\nARG a=1 b=$a c'))).toEqual(['ARG a=1 b=1 c (empty)']);
  });

  it('A36: without default and value it does not exist, empty it does', async () => {
    const plan = await planOf(
      'FROM scratch\nARG unset\nARG empty=\nENV a=${unset-none} b=${empty-none}\nRUN x',
    );
    expect(plan.config.config.Env).toEqual([path, 'a=none', 'b=']);
    expect(execOf(plan).env).toEqual([path, 'empty=', 'a=none', 'b=']);
    expect(historyOf(plan).at(-1)).toBe('RUN |2 unset= empty= /bin/sh -c x # buildkit');
  });

  it('A36: --build-arg wins over every default', async () => {
    const buildArgs = {v: 'given'};
    const plan = await planOf('ARG v=global\nFROM scratch\nARG v=default\nRUN x', {buildArgs});
    expect(historyOf(plan)).toEqual(['ARG v=given (empty)', 'RUN |1 v=given /bin/sh -c x # buildkit']);
  });

  it('A36: a default that is not used is not looked at', async () => {
    const text = 'FROM scratch\nARG v=${no:?needed}';
    expect(historyOf(await planOf(text, {buildArgs: {v: '1'}}))).toEqual(['ARG v=1 (empty)']);
  });

  it('A37: the last declaration wins, be it ARG or ENV', async () => {
    const plan = await planOf('FROM scratch\nENV v=env\nARG v=arg\nENV seen=$v\nRUN x');
    expect(plan.config.config.Env).toEqual([path, 'v=env', 'seen=arg']);
    expect(execOf(plan).env).toContain('v=arg');
    const other = await planOf('FROM scratch\nARG v=arg\nENV v=env\nRUN x');
    expect(execOf(other).env).toContain('v=env');
    expect(historyOf(other).at(-1)).toBe('RUN |1 v=env /bin/sh -c x # buildkit');
  });

  it('A37: in a stage on top, its ENV wins over an ARG that came later below', async () => {
    const plan = await planOf('FROM scratch AS a\nENV v=env\nARG v=arg\nFROM a\nRUN x');
    expect(execOf(plan).env).toContain('v=env');
  });

  it('A38: it is in the environment of steps, but not of the image', async () => {
    const plan = await planOf('FROM scratch\nARG v=1\nRUN x');
    expect(execOf(plan).env).toEqual([path, 'v=1']);
    expect(plan.config.config.Env).toEqual([path]);
  });

  it('A39: a build argument nobody declares does nothing', async () => {
    const plan = await planOf('FROM scratch\nRUN echo', {buildArgs: {nobody: '1'}});
    expect(execOf(plan).env).toEqual([path]);
  });

  it('A40: proxies reach steps in both cases without a declaration, outside of environment and history', async () => {
    const buildArgs = {http_proxy: 'http://p', NO_PROXY: 'x'};
    const plan = await planOf('FROM scratch\nRUN x', {buildArgs});
    expect(execOf(plan)).toMatchObject({
      env: [path],
      proxyEnv: ['HTTP_PROXY=http://p', 'http_proxy=http://p', 'NO_PROXY=x', 'no_proxy=x'],
    });
    expect(historyOf(plan)).toEqual(['RUN /bin/sh -c x # buildkit']);
    const without = await planOf('FROM scratch\nRUN x');
    expect(plan.vertex?.id).toBe(without.vertex?.id);
  });

  it('A40: a declared proxy is an ARG like others', async () => {
    const plan = await planOf('FROM scratch\nARG HTTP_PROXY\nRUN x', {buildArgs: {HTTP_PROXY: 'p'}});
    expect(execOf(plan).env).toContain('HTTP_PROXY=p');
    expect(historyOf(plan).at(-1)).toBe('RUN |1 HTTP_PROXY=p /bin/sh -c x # buildkit');
  });

  it('A41: platform arguments are global and need a bare ARG', async () => {
    const text =
      'FROM scratch AS last\nENV none=[$TARGETARCH]\nARG TARGETPLATFORM TARGETVARIANT BUILDOS TARGETSTAGE';
    const targetPlatform = {os: 'linux', architecture: 'arm', variant: 'v7'};
    expect(historyOf(await planOf(text, {targetPlatform}))).toEqual([
      'ENV none=[] (empty)',
      'ARG TARGETPLATFORM=linux/arm/v7 TARGETVARIANT=v7 BUILDOS=linux TARGETSTAGE=last (empty)',
    ]);
    expect(historyOf(await planOf('FROM scratch\nARG TARGETVARIANT TARGETSTAGE'))).toEqual([
      'ARG TARGETVARIANT= TARGETSTAGE=default (empty)',
    ]);
  });

  it('A41: platform arguments can be overridden', async () => {
    const plan = await planOf('FROM scratch\nARG TARGETOS', {buildArgs: {TARGETOS: 'plan9'}});
    expect(historyOf(plan)).toEqual(['ARG TARGETOS=plan9 (empty)']);
  });

  it('A41: the version of the system is told where there is one', async () => {
    const targetPlatform = {os: 'windows', architecture: 'amd64', 'os.version': '10.0.1'};
    const plan = await planOf('FROM scratch\nARG TARGETPLATFORM TARGETOSVERSION', {targetPlatform});
    expect(historyOf(plan)).toEqual([
      'ARG TARGETPLATFORM=windows(10.0.1)/amd64 TARGETOSVERSION=10.0.1 (empty)',
    ]);
  });

  it('A42: arguments for the scanner never reach a step', async () => {
    const plan = await planOf('FROM scratch\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x');
    expect(execOf(plan).env).toEqual([path]);
    expect(historyOf(plan).at(-1)).toBe('RUN |1 BUILDKIT_SBOM_SCAN_STAGE=true /bin/sh -c x # buildkit');
  });

  it('may have the name of a thing every object has', async () => {
    const plan = await planOf('FROM scratch\nARG constructor\nARG __proto__=1');
    expect(historyOf(plan)).toEqual(['ARG constructor (empty)', 'ARG __proto__=1 (empty)']);
  });
});
