// Digests that docker 20.10 (BuildKit 0.8) wrote into caches for these very steps, and where other versions write the
// same step in another way.

import {describe, expect, it} from 'vitest';
import {recordDigest} from '../../../src/cache/buildkit/step.ts';
import {manifestKeyOf, stepOf} from '../../../src/cache/buildkit/vertex-step.ts';
import type {CopyAction, ExecOp, FileAction, Op} from '../../../src/graph/op.ts';
import {type Vertex, vertex} from '../../../src/graph/vertex.ts';

const platform = {os: 'linux', architecture: 'amd64'};
const origin = {name: 'a step'};
const base = vertex(
  {kind: 'source', source: {type: 'image', reference: 'r/busybox:1', manifestDigest: 'sha256:00', platform}},
  [],
  origin,
);
const context = vertex({kind: 'source', source: {type: 'local', name: 'context'}}, [], origin);
const other = vertex({kind: 'merge'}, [base, context], origin);
const image = vertex(
  {kind: 'source', source: {type: 'image', reference: 'r/tools:1', manifestDigest: 'sha256:01', platform}},
  [],
  origin,
);

function digestsOf(op: Op, inputs: readonly Vertex[], keys: readonly string[] = []): readonly string[] {
  return [...stepOf(vertex(op, inputs, origin), keys).digests].map((digest) => digest.slice(7, 19));
}

const exec = (change: Partial<ExecOp>): ExecOp => ({
  ...{kind: 'exec', args: [], env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']},
  ...{cwd: '/', user: '', hostname: 'buildkitsandbox', network: 'none', security: 'sandbox', mounts: []},
  ...{extraHosts: [], proxyEnv: [], shmSizeBytes: 64 << 20, ulimits: [], platform, rootInput: 0},
  ...change,
});

const copy = (
  paths: readonly string[],
  destination: string,
  change: Partial<CopyAction> = {},
): CopyAction => ({
  ...{type: 'copy', input: 1, sources: paths.map((path) => ({path, wildcard: false})), destination},
  ...{unpack: false, parents: false, excludes: [], ...change},
});
const file = (...actions: readonly FileAction[]): Op => ({kind: 'file', base: 0, actions});

describe('RUN', () => {
  it('has the digest that docker gave it', () => {
    const env = [...exec({}).env, 'A=1'];
    const args = ['/bin/sh', '-c', 'echo "$A" > /app/env'];
    const run = exec({args, env, cwd: '/app', network: 'host', proxyEnv: ['HTTP_PROXY=http://p']});
    expect(digestsOf(run, [base])).toContain('9979cfc04c3e');
    const plain = exec({args: ['/bin/busybox', 'true'], cwd: '/rel', user: 'root'});
    expect(digestsOf(plain, [base])).toContain('a2b0b72be0c5');
  });

  it('has it with mounts of all kinds that need no secret', () => {
    const args = ['/bin/sh', '-c', 'ls /b > /tmp/x'];
    const cache = {
      id: '/root/.cache',
      sharing: 'shared',
      readonly: false,
      mode: 0o755,
      uid: 0,
      gid: 0,
    } as const;
    const run = exec({
      ...{args, cwd: '/rel', user: 'root'},
      mounts: [
        {type: 'tmpfs', target: '/tt', sizeBytes: 0},
        {type: 'cache', target: '/root/.cache', ...cache, input: -1, source: '/'},
        {type: 'bind', target: '/b', input: 1, source: '/d', readonly: true},
      ],
    });
    expect(digestsOf(run, [base, context])).toContain('16e0c39b118f');
    const [root, bound] = stepOf(vertex(run, [base, context], origin), []).inputs;
    expect(root?.places).toBeUndefined();
    expect(bound?.from).toBe(context);
    expect(bound?.places).toEqual([
      {path: '/d', wildcard: false, followLinks: true, include: [], exclude: []},
    ]);
  });

  it.each<[string, Partial<ExecOp>]>([
    ['command', {args: ['b']}],
    ['environment', {env: ['A=2']}],
    ['user', {user: 'nobody'}],
    ['directory', {cwd: '/x'}],
    ['network', {network: 'default'}],
    ['host name', {hostname: 'other'}],
    ['hosts', {extraHosts: [{host: 'h', address: '1.2.3.4'}]}],
    ['limits', {ulimits: [{name: 'nofile', soft: 1, hard: 2}]}],
    ['size of /dev/shm', {shmSizeBytes: 1 << 20}],
    ['privileges', {security: 'insecure'}],
    ['mounts', {mounts: [{type: 'tmpfs', target: '/t', sizeBytes: 5}]}],
    ['secrets', {mounts: [{type: 'secret', id: 's', env: 'S', required: true, mode: 0o400, uid: 0, gid: 0}]}],
    ['machine', {platform: {os: 'linux', architecture: 'arm', variant: 'v7'}}],
  ])('is another one with another %s', (_, change) => {
    const usual = new Set(digestsOf(exec({args: ['a']}), [base]));
    expect(digestsOf(exec({args: ['a'], ...change}), [base]).filter((digest) => usual.has(digest))).toEqual(
      [],
    );
  });

  it('has a script of its own as a mounted file on nothing', () => {
    const text = {type: 'text', target: '/dev/pipes/EOF', text: '#!/bin/sh\n', mode: 0o755} as const;
    const {inputs} = stepOf(vertex(exec({args: [text.target], mounts: [text]}), [base], origin), []);
    expect(inputs).toHaveLength(2);
    expect(inputs[1]?.from).toHaveProperty('inputs', []);
  });
});

describe('COPY, ADD and WORKDIR', () => {
  it('have the digests that docker gave them', () => {
    const directory = {type: 'make-directory', path: '/app', unknownOwner: 'root'} as const;
    expect(digestsOf(file(directory), [base])).toContain('807b3e8722c6');
    const digestOf = (action: FileAction): readonly string[] => digestsOf(file(action), [base, context]);
    expect(digestOf(copy(['/a.txt'], '/app/'))).toContain('4246240add2b');
    expect(digestOf(copy(['/src/out'], '/app/out'))).toContain('bad5712d2037');
    expect(digestOf(copy(['/a.txt', '/sub'], '/owned/', {owner: '1000:1000'}))).toContain('8f7098f4afb2');
    expect(digestOf(copy(['/a.txt'], '/rel/', {owner: 'nobody'}))).toContain('e03175176967');
    expect(digestOf(copy(['/a.txt'], '/m', {mode: 0o600}))).toContain('748a51988d32');
    expect(digestOf(copy(['/a.txt', '/sub'], '/added/', {unpack: true}))).toContain('ab65c1e1ba12');
  });

  it('say of what they read only the name, and have a selector of the whole paths', () => {
    const [, far] = stepOf(vertex(file(copy(['/src/out'], '/o')), [base, context], origin), []).inputs;
    expect(far?.selectors).toEqual([
      'sha256:8f69105a1a0945df987bcb4e91141d20e4a2a3975bd1d9122e85d372b2ccb766',
    ]);
    const [, two] = stepOf(vertex(file(copy(['/a.txt', '/sub'], '/o')), [base, context], origin), []).inputs;
    expect(two?.selectors[0]).toMatch(/^sha256:70b85c46ebf8/);
  });

  it('may be found by what is in a stage only where owners cannot differ', () => {
    const placesOf = (action: CopyAction, from: Vertex) =>
      stepOf(vertex(file(action), [base, from], origin), []).inputs[1]?.places;
    for (const from of [other, image]) expect(placesOf(copy(['/x'], '/y'), from)).toBeUndefined();
    expect(placesOf(copy(['/x'], '/y', {owner: '0:0'}), other)).toHaveLength(1);
    expect(placesOf(copy(['/x'], '/y'), context)).toHaveLength(1);
  });

  it('are never compared for RUN where files keep owners, which no checksum has', () => {
    const mounts = [{type: 'bind', target: '/b', input: 1, source: '/d', readonly: true}] as const;
    const placesOf = (from: Vertex) =>
      stepOf(vertex(exec({mounts}), [base, from], origin), []).inputs[1]?.places;
    for (const from of [other, image]) expect(placesOf(from)).toBeUndefined();
    expect(placesOf(context)).toHaveLength(1);
  });

  it.each<[string, Partial<CopyAction>]>([
    ['owner', {owner: '1'}],
    ['mode', {mode: 'u+x'}],
    ['destination', {destination: '/z'}],
    ['unpacking', {unpack: true}],
    ['exclusion', {excludes: ['*.log']}],
    ['time', {createdSeconds: 5}],
    ['parents', {parents: true}],
  ])('are others with another %s', (_, change) => {
    const usual = new Set(digestsOf(file(copy(['/x'], '/y')), [base, context]));
    const changed = digestsOf(file(copy(['/x'], '/y', change)), [base, context]);
    expect(changed.filter((digest) => usual.has(digest))).toEqual([]);
  });

  it('copy documents from files on nothing', () => {
    const document = {type: 'make-file', destination: '/d/', name: 'f', content: 'text'} as const;
    const {inputs} = stepOf(vertex(file(document), [base], origin), []);
    expect(inputs).toHaveLength(2);
    expect(inputs[1]?.from).not.toBe(base);
  });
});

describe('an image', () => {
  it('is known by its layers and by the digest that its name stands for', () => {
    const chain = 'sha256:d1bda4f1627a6cc58ddc2f936dda96e32197cbffaceb606a1cfb0a814ee18374';
    expect(digestsOf(base.op, [], [chain])).toEqual(['cb4d76710129']);
    const index = manifestKeyOf(`sha256:${'0'.repeat(64)}`, platform);
    expect(digestsOf(base.op, [], [chain, index])).toHaveLength(2);
  });
});

it('a result has its number in its digest', () => {
  expect(recordDigest('sha256:x', 1)).not.toBe(recordDigest('sha256:x'));
});
