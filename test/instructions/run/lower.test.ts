import {describe, expect, it} from 'vitest';
import type {ExecMount} from '../../../src/graph/op.ts';
import {execOf, historyOf, namesOf, path, planOf, problemsOf} from '../../plan/plan-of.ts';

async function mountsOf(flags: string, before = ''): Promise<readonly ExecMount[]> {
  return execOf(await planOf(`FROM busybox\n${before}\nRUN ${flags} x`)).mounts;
}

describe('RUN', () => {
  it('A87: the shell form is one argument of SHELL, the exec form has no shell', async () => {
    expect(execOf(await planOf('FROM scratch\nRUN echo  "a" $b')).args).toEqual([
      '/bin/sh',
      '-c',
      'echo  "a" $b',
    ]);
    expect(execOf(await planOf('FROM scratch\nRUN ["echo", "$b"]')).args).toEqual(['echo', '$b']);
  });

  it('A27: its text is not expanded', async () => {
    const plan = await planOf('FROM scratch\nENV x=1\nRUN echo $x');
    expect(historyOf(plan).at(-1)).toBe('RUN /bin/sh -c echo $x # buildkit');
  });

  it('A88: history counts each ARG once, with its last value', async () => {
    const plan = await planOf('FROM scratch\nARG a=1\nARG b\nARG a=2\nRUN x');
    expect(historyOf(plan).at(-1)).toBe('RUN |2 a=2 b= /bin/sh -c x # buildkit');
  });

  it('A89: sees base, ENV and ARG, the one set last at the end', async () => {
    const plan = await planOf('FROM busybox\nENV a=1\nARG b=2\nENV a=3\nRUN x');
    expect(execOf(plan).env).toEqual([path, 'b=2', 'a=3']);
  });

  it('A90: runs in the working directory, in a sandbox with docker’s host name', async () => {
    const plan = await planOf('FROM busybox\nWORKDIR /w\nRUN x');
    expect(execOf(plan)).toMatchObject({cwd: '/w', hostname: 'buildkitsandbox', rootInput: 0, user: ''});
    expect(execOf(await planOf('FROM scratch\nRUN x'))).toMatchObject({cwd: '/', rootInput: -1});
    const buildArgs = {BUILDKIT_SANDBOX_HOSTNAME: 'me'};
    expect(execOf(await planOf('FROM scratch\nRUN x', {buildArgs})).hostname).toBe('me');
  });

  it('an empty command is an error', async () => {
    expect(await problemsOf('FROM scratch\nRUN []')).toEqual(['arguments are required']);
  });

  it('takes hosts, limits and shared memory from the request', async () => {
    const request = {
      extraHosts: [{host: 'h', address: '1.2.3.4'}],
      ulimits: [{name: 'nofile', soft: 1, hard: 2}],
      shmSizeBytes: 99,
    };
    expect(execOf(await planOf('FROM scratch\nRUN x', request))).toMatchObject(request);
  });

  it('is not taken from the cache when its stage is not to be', async () => {
    const text = 'FROM scratch AS One\nRUN x\nFROM one\nRUN y';
    const plan = await planOf(text, {noCache: ['ONE']});
    expect(plan.vertex?.origin.ignoreCache).toBeUndefined();
    expect(plan.vertex?.inputs[0]?.origin.ignoreCache).toBe(true);
  });
});

describe('RUN with heredocs', () => {
  it('A22: a body alone is the script of the shell', async () => {
    const plan = await planOf('FROM scratch\nRUN <<EOF\necho $x\nls\nEOF');
    expect(execOf(plan).args).toEqual(['/bin/sh', '-c', 'echo $x\nls\n']);
    expect(namesOf(plan)).toEqual(['[1/1] RUN <<EOF (echo $x...)']);
    expect(historyOf(plan)).toEqual(['RUN /bin/sh -c echo $x\nls\n # buildkit']);
  });

  it('A20: a chomped body has lost its tabs', async () => {
    const plan = await planOf('FROM scratch\nRUN <<-EOF\n\tone\n\tEOF');
    expect(execOf(plan).args.at(-1)).toBe('one\n');
  });

  it('A22: a body with an interpreter is a file that is run', async () => {
    const plan = await planOf('FROM scratch\nRUN <<EOF\n#!/bin/x\ngo\nEOF');
    expect(execOf(plan).mounts).toEqual([
      {type: 'text', target: '/dev/pipes/EOF', text: '#!/bin/x\ngo\n', mode: 0o755},
    ]);
    expect(execOf(plan).args).toEqual(['/bin/sh', '-c', '/dev/pipes/EOF']);
  });

  it('A23: with a command, the shell gets the bodies as they stand', async () => {
    const text = 'FROM scratch\nRUN cat <<A && sh <<-"B"\na\nA\n\tb\n\tB';
    expect(execOf(await planOf(text)).args.at(-1)).toBe('cat <<A && sh <<-"B"\na\nA\n\tb\nB');
  });
});

it('A102: a secret has no source, and none is looked for', async () => {
  const text = 'FROM scratch\nRUN --mount=from=nowhere.test/none,type=secret,id=a x';
  expect(await problemsOf(text)).toEqual(['secret mount should not have a from']);
});

describe('RUN --network and --security', () => {
  it('A97: the flag wins over the request, default means the request', async () => {
    const network = async (flag: string) =>
      execOf(await planOf(`FROM scratch\nRUN ${flag} x`, {network: 'none'})).network;
    expect(await network('')).toBe('none');
    expect(await network('--network=default')).toBe('none');
  });

  it('A97: the network of the host must be allowed', async () => {
    const text = 'FROM scratch\nRUN --network=host x';
    expect(await problemsOf(text)).toEqual(['entitlement network.host is not allowed']);
    const entitlements = new Set(['network.host']);
    expect(execOf(await planOf(text, {entitlements})).network).toBe('host');
    expect(execOf(await planOf('FROM scratch\nRUN x', {network: 'host'})).network).toBe('host');
  });

  it('A98: an insecure step must be allowed', async () => {
    const text = 'FROM scratch\nRUN --security=insecure x';
    expect(await problemsOf(text)).toEqual(['entitlement security.insecure is not allowed']);
    const entitlements = new Set(['security.insecure']);
    expect(execOf(await planOf(text, {entitlements})).security).toBe('insecure');
  });

  it('A99: devices are refused', async () => {
    expect(await problemsOf('FROM scratch\nRUN --device=x y')).toEqual(['RUN --device is not supported']);
  });
});

describe('RUN --mount', () => {
  it('A100: bind reads from the context, read-only, at a path below the working directory', async () => {
    expect(await mountsOf('--mount=target=src,source=../a', 'WORKDIR /w')).toEqual([
      {type: 'bind', target: '/w/src', input: 1, source: '/a', readonly: true},
    ]);
  });

  it('A100: from is a stage or an image', async () => {
    const text =
      'FROM scratch AS s\nRUN y\nFROM scratch\nRUN --mount=from=S,target=/a,rw --mount=from=alpine,target=/b x';
    const plan = await planOf(text);
    expect(execOf(plan).mounts).toEqual([
      {type: 'bind', target: '/a', input: 0, source: '/', readonly: false},
      {type: 'bind', target: '/b', input: 1, source: '/', readonly: true},
    ]);
    expect(plan.vertex?.inputs.map((input) => input.op.kind)).toEqual(['exec', 'source']);
  });

  it('A100: a stage must stand above', async () => {
    const text = 'FROM busybox AS a\nRUN --mount=from=b,target=/m x\nFROM busybox AS b\nFROM a';
    expect(await problemsOf(text)).toEqual([
      'cannot mount from stage "b" to "/m", stage needs to be defined before current command',
    ]);
  });

  it('A101: cache has its target as id, and is empty', async () => {
    expect(await mountsOf('--mount=type=cache,target=/c/')).toEqual([
      {
        type: 'cache',
        target: '/c',
        id: '/c',
        sharing: 'shared',
        readonly: false,
        mode: 0o755,
        uid: 0,
        gid: 0,
        input: -1,
        source: '/',
      },
    ]);
  });

  it('A101: cache takes sharing, owner, mode and initial contents', async () => {
    const flag = '--mount=type=cache,id=i,target=/c,sharing=locked,mode=700,uid=1,gid=2,from=alpine';
    expect(await mountsOf(flag)).toMatchObject([
      {id: 'i', sharing: 'locked', mode: 0o700, uid: 1, gid: 2, input: 1, source: '/'},
    ]);
    expect(await mountsOf(`${flag},source=/s`)).toMatchObject([{mode: 0o755, uid: 0, gid: 0, source: '/s'}]);
  });

  it('A101: ids can be kept apart by a namespace', async () => {
    const buildArgs = {BUILDKIT_CACHE_MOUNT_NS: 'ns'};
    const plan = await planOf('FROM scratch\nRUN --mount=type=cache,id=i,target=/c x', {buildArgs});
    expect(execOf(plan).mounts).toMatchObject([{id: 'ns/i'}]);
  });

  it.each([
    ['id=a', {id: 'a', target: '/run/secrets/a', required: false, mode: 0o400}],
    ['source=dir/a', {id: 'dir/a', target: '/run/secrets/a'}],
    ['target=/t/b', {id: 'b', target: '/t/b'}],
    [
      'id=a,target=/t/b,mode=444,uid=1,gid=2,required',
      {id: 'a', target: '/t/b', mode: 0o444, uid: 1, gid: 2, required: true},
    ],
    ['id=a,env=E', {id: 'a', env: 'E'}],
    ['id=a,env=E,target=/t', {id: 'a', env: 'E', target: '/t'}],
  ])('A102: secret %s', async (options, expected) => {
    const [mount] = await mountsOf(`--mount=type=secret,${options}`);
    expect(mount).toMatchObject(expected);
    expect(mount?.type === 'secret' && 'target' in mount).toBe('target' in expected);
  });

  it('A102: the name of a step shows no value where a secret is', async () => {
    const plan = await planOf('FROM scratch\nENV TOKEN=x\nRUN --mount=type=secret,id=t,env=TOKEN use $TOKEN');
    expect(plan.vertex?.origin.name).toBe('[stage-0 1/1] RUN --mount=type=secret,id=t,env=TOKEN use ****');
  });

  it('A103: ssh has a socket of its own and tells where it is', async () => {
    const plan = await planOf('FROM scratch\nRUN --mount=type=ssh --mount=type=ssh,id=o,required,mode=644 x');
    expect(execOf(plan).mounts).toMatchObject([
      {type: 'ssh', id: 'default', target: '/run/buildkit/ssh_agent.0', required: false, mode: 0o600},
      {type: 'ssh', id: 'o', target: '/run/buildkit/ssh_agent.1', required: true, mode: 0o644},
    ]);
    expect(execOf(plan).env.at(-1)).toBe('SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0');
    expect(historyOf(plan)).toEqual(['RUN /bin/sh -c x # buildkit']);
  });

  it('A103: SSH_AUTH_SOCK leads to the agent that is asked for first, wherever its socket lies', async () => {
    const flags = '--mount=type=ssh,id=a,target=/z/sock --mount=type=ssh,id=b,target=/a/sock';
    const socket = async (before = '') =>
      execOf(await planOf(`FROM scratch\n${before}\nRUN ${flags} x`)).env.at(-1);
    expect(await socket()).toBe('SSH_AUTH_SOCK=/z/sock');
    expect(await socket('ENV SSH_AUTH_SOCK=/mine')).toBe('SSH_AUTH_SOCK=/mine');
  });

  it('A103: ssh has no source', async () => {
    expect(await problemsOf('FROM scratch\nRUN --mount=type=ssh,source=s x')).toEqual([
      'ssh does not support source',
    ]);
  });

  it('A105: the targets of secrets and sockets start at the working directory, too', async () => {
    const flags = '--mount=type=secret,target=etc/key --mount=type=ssh,target=agent';
    expect(await mountsOf(flags, 'WORKDIR /w')).toMatchObject([
      {type: 'ssh', target: '/w/agent'},
      {type: 'secret', id: 'key', target: '/w/etc/key'},
    ]);
  });

  it('A101: a source needs something to be in', async () => {
    const flags = '--mount=type=cache,target=/c,source=x';
    expect(await problemsOf(`FROM scratch\nRUN ${flags} x`)).toEqual([
      '"/x": not found, since a cache without "from" starts empty',
    ]);
    expect(await mountsOf(`${flags},from=alpine`)).toMatchObject([{type: 'cache', source: '/x', input: 1}]);
  });

  it('A104: tmpfs has a size', async () => {
    expect(await mountsOf('--mount=type=tmpfs,target=/t,size=1m')).toEqual([
      {type: 'tmpfs', target: '/t', sizeBytes: 1024 * 1024},
    ]);
  });

  it('A105: values are expanded, the root cannot be mounted over', async () => {
    expect(await mountsOf('--mount=type=$t,target=/$t', 'ARG t=cache')).toMatchObject([
      {type: 'cache', target: '/cache'},
    ]);
    expect(await problemsOf('FROM scratch\nRUN --mount=type=tmpfs,target=/ x')).toEqual([
      'invalid mount target "/"',
    ]);
  });

  it('a mount inside another comes after it', async () => {
    const mounts = await mountsOf('--mount=type=tmpfs,target=/a/b --mount=type=tmpfs,target=/a');
    expect(mounts.map((mount) => mount.target)).toEqual(['/a', '/a/b']);
  });
});
