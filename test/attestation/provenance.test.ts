import {describe, expect, it} from 'vitest';
import {type ProvenanceInput, provenancePredicate} from '../../src/attestation/provenance.ts';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import type {ExecOp} from '../../src/graph/op.ts';
import {vertex} from '../../src/graph/vertex.ts';
import {digestOf, hexOf} from '../../src/oci/digest.ts';

const platform = {os: 'linux', architecture: 'amd64'};
const digest = `sha256:${'ab'.repeat(32)}`;
const base = vertex(
  {
    kind: 'source',
    source: {type: 'image', reference: 'docker.io/library/alpine:3.20', manifestDigest: digest, platform},
  },
  [],
  {name: 'FROM alpine', span: {line: 1, column: 0, endLine: 1, endColumn: 9}},
);
const exec: ExecOp = {
  kind: 'exec',
  args: ['/bin/sh', '-c', 'wget http://me:hunter2@example.com/x'],
  env: ['A=b'],
  cwd: '/',
  user: '',
  hostname: '',
  network: 'none',
  security: 'sandbox',
  mounts: [
    {type: 'secret', id: 'token', required: true, mode: 0o400, uid: 0, gid: 0, target: '/run/secrets/token'},
    {type: 'ssh', id: 'default', target: '/run/ssh', required: false, mode: 0o600, uid: 0, gid: 0},
  ],
  extraHosts: [],
  proxyEnv: ['HTTP_PROXY=http://p:geheim@proxy:3128'],
  shmSizeBytes: 0,
  ulimits: [],
  platform,
  rootInput: 0,
};
const step = vertex(exec, [base], {name: 'RUN wget', span: {line: 2, column: 0, endLine: 3, endColumn: 4}});

const input: ProvenanceInput = {
  plan: {vertex: step},
  parameters: {
    args: {
      'build-arg:V': '2',
      'build-arg:https_proxy': 'http://p:geheim@proxy:3128',
      'label:a': 'b',
      target: 'app',
    },
    configSource: {path: 'Dockerfile'},
  },
  fetched: [
    {type: 'http', url: 'https://example.com/a.tar', digest: digestOf('a')},
    {type: 'git', remote: 'https://example.com/r.git', ref: 'v1', commit: 'e'.repeat(40)},
  ],
  file: sourceFile('/home/me/Dockerfile', 'FROM alpine\nRUN wget \\\n http://me:hunter2@example.com/x\n'),
  run: {id: 'run-1', startedMs: 0, finishedMs: 1500},
  layers: [],
};
const v1max = {mode: 'max', version: 'v1', inlineOnly: false} as const;
const asText = (value: unknown): string => JSON.stringify(value);

describe('provenance with mode=max', () => {
  const predicate = provenancePredicate(input, v1max);

  it('names every source with its digest, in byte order', () => {
    expect(predicate).toMatchObject({
      buildDefinition: {
        resolvedDependencies: [
          {uri: 'https://example.com/a.tar', digest: {sha256: hexOf(digestOf('a'))}},
          {uri: 'https://example.com/r.git#v1', digest: {sha1: 'e'.repeat(40)}},
          {
            uri: `pkg:docker/alpine@3.20?digest=${digest}&platform=linux%2Famd64`,
            digest: {sha256: 'ab'.repeat(32)},
          },
        ],
      },
    });
  });

  it('tells the steps, their inputs and their lines', () => {
    expect(predicate).toMatchObject({
      buildDefinition: {
        internalParameters: {
          buildConfig: {
            llbDefinition: [
              {id: 'step0', inputs: []},
              {id: 'step1', inputs: ['step0:0'], op: {exec: {network: 'none'}}},
            ],
          },
        },
      },
      runDetails: {
        metadata: {
          tsbuild_metadata: {
            source: {
              locations: {step1: {locations: [{ranges: [{start: {line: 2}, end: {line: 3}}]}]}},
              infos: [{filename: 'Dockerfile', language: 'Dockerfile'}],
            },
          },
        },
      },
    });
  });

  it('has build arguments, and secrets by id only', () => {
    expect(predicate).toMatchObject({
      buildDefinition: {
        externalParameters: {
          request: {
            args: {'build-arg:V': '2', 'label:a': 'b', target: 'app'},
            secrets: [{id: 'token'}],
            ssh: [{id: 'default', optional: true}],
          },
        },
      },
    });
  });

  it('has no password in it, not even in the text of the Dockerfile', () => {
    const decoded = asText(predicate).replace(/"data":"([^"]*)"/g, (_, data: string) =>
      Buffer.from(data, 'base64').toString(),
    );
    expect(decoded).toContain('RUN wget');
    expect(decoded).not.toContain('hunter2');
    expect(decoded).not.toContain('geheim');
  });

  it('is hermetic when no step has a network', () => {
    expect(predicate).toMatchObject({runDetails: {metadata: {tsbuild_hermetic: true}}});
    const open = vertex({...exec, network: 'default'}, [base], {name: 'RUN'});
    expect(provenancePredicate({...input, plan: {vertex: open}}, v1max)).toMatchObject({
      runDetails: {metadata: {tsbuild_hermetic: false}},
    });
  });
});

describe('provenance with mode=min', () => {
  const predicate = provenancePredicate(input, {...v1max, mode: 'min'});

  it('tells neither build arguments nor labels, steps or text', () => {
    expect(predicate).toMatchObject({
      buildDefinition: {externalParameters: {request: {args: {target: 'app'}}}},
      runDetails: {metadata: {tsbuild_completeness: {request: false}}},
    });
    for (const absent of ['build-arg', 'label:', 'llbDefinition', 'tsbuild_metadata'])
      expect(asText(predicate)).not.toContain(absent);
  });

  it('tells when the build ran', () => {
    expect(predicate).toMatchObject({
      runDetails: {
        metadata: {
          invocationID: 'run-1',
          startedOn: '1970-01-01T00:00:00.000Z',
          finishedOn: '1970-01-01T00:00:01.500Z',
        },
      },
    });
  });
});

it('a build with SOURCE_DATE_EPOCH has the same provenance whenever it runs', () => {
  const plan = {vertex: step, epochSeconds: 0};
  const first = provenancePredicate({...input, plan}, v1max);
  const later = provenancePredicate({...input, plan, run: {id: 'run-2', startedMs: 5, finishedMs: 6}}, v1max);
  expect(later).toEqual(first);
});

it('version v0.2 says the same in its own members', () => {
  expect(provenancePredicate(input, {...v1max, version: 'v0.2'})).toMatchObject({
    invocation: {configSource: {entryPoint: 'Dockerfile'}, parameters: {frontend: 'dockerfile.v0'}},
    materials: [{}, {}, {}],
    metadata: {buildInvocationID: 'run-1', completeness: {parameters: true, materials: true}},
  });
});

it('who vouches for the build, and that it is reproducible, are the word of the user', () => {
  const words = {builderId: 'https://ci.example.com/7', isReproducible: true};
  expect(provenancePredicate(input, {...v1max, ...words})).toMatchObject({
    runDetails: {builder: {id: words.builderId}, metadata: {tsbuild_reproducible: true}},
  });
  expect(provenancePredicate(input, {...v1max, version: 'v0.2', ...words})).toMatchObject({
    builder: {id: words.builderId},
    metadata: {reproducible: true},
  });
  expect(provenancePredicate(input, v1max)).toMatchObject({
    runDetails: {builder: {id: ''}, metadata: {tsbuild_reproducible: false}},
  });
});
