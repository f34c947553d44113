import {describe, expect, it} from 'vitest';
import type {ExecOp} from '../../../src/graph/op.ts';
import {mountArguments, processArguments} from '../../../src/ops/exec/exec-arguments.ts';

const op: ExecOp = {
  kind: 'exec',
  args: ['/bin/sh', '-c', 'echo a=b'],
  env: ['PATH=/bin', 'A=1'],
  cwd: '/app',
  user: 'me:us',
  hostname: 'buildkitsandbox',
  network: 'default',
  security: 'sandbox',
  mounts: [],
  extraHosts: [],
  proxyEnv: ['HTTP_PROXY=http://p'],
  shmSizeBytes: 0,
  ulimits: [],
  platform: {os: 'linux', architecture: 'amd64'},
  rootInput: 0,
};

describe('processArguments', () => {
  it('give the process exactly its arguments and environment, proxies last', () => {
    expect(processArguments(op, ['TOKEN=x'])).toEqual([
      'arg=/bin/sh',
      'arg=-c',
      'arg=echo a=b',
      'env=PATH=/bin',
      'env=A=1',
      'env=HTTP_PROXY=http://p',
      'env=TOKEN=x',
      'cwd=/app',
      'user=me:us',
      'hostname=buildkitsandbox',
    ]);
  });

  it('do not say what every sandbox has, for a worker that was begun ahead is there for usual steps alone', () => {
    const usual = processArguments({...op, shmSizeBytes: 64 * 1024 * 1024}, []);
    expect(usual).toEqual(processArguments(op, []));
  });

  it('say none, insecure and limits only when asked', () => {
    const args = processArguments(
      {
        ...op,
        security: 'insecure',
        shmSizeBytes: 1024,
        ulimits: [{name: 'nofile', soft: 1, hard: 2}],
      },
      [],
    );
    expect(args).toEqual(expect.arrayContaining(['insecure=1', 'shmsize=1024', 'ulimit=nofile:1:2']));
  });
});

describe('mountArguments', () => {
  it('keep the bytes of a secret whole, NUL included', () => {
    expect(
      mountArguments({
        type: 'text',
        target: '/run/secrets/s',
        content: Uint8Array.of(0, 255),
        mode: 0o400,
        uid: 0,
        gid: 0,
      }),
    ).toEqual(['mount=text', 'target=/run/secrets/s', 'hex=00ff', 'mode=400', 'uid=0', 'gid=0']);
  });

  it('a bind that may be written to throws the writes away', () => {
    expect(
      mountArguments({type: 'bind', target: '/src', view: ['layer=/l'], source: '/', mode: 'discard'}),
    ).toEqual(['mount=bind', 'target=/src', 'layer=/l', 'source=/', 'rw=discard']);
  });

  it('a tmpfs without a size has none', () => {
    expect(mountArguments({type: 'tmpfs', target: '/t', sizeBytes: 0})).toEqual(['mount=tmpfs', 'target=/t']);
    expect(mountArguments({type: 'tmpfs', target: '/t', sizeBytes: 9})).toContain('size=9');
    const all = {type: 'tmpfs', target: '/t', sizeBytes: 9, mode: 0o700, options: ['ro', 'noexec']} as const;
    expect(mountArguments(all).slice(2)).toEqual(['size=9', 'mode=700', 'ro=1', 'noexec=1']);
  });
});
