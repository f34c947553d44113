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
    isLocalFile: false,
    isLocalContext: false,
  },
  fetched: [
    {type: 'http', url: 'https://example.com/a.tar', digest: digestOf('a')},
    {type: 'git', remote: 'https://example.com/r.git', ref: 'v1', commit: 'e'.repeat(40)},
  ],
  roots: new Map(),
  versionControl: {},
  file: sourceFile('/home/me/Dockerfile', 'FROM alpine\nRUN wget \\\n http://me:hunter2@example.com/x\n'),
  run: {id: 'run-1', startedMs: 0, finishedMs: 1500},
  layers: [],
};
const v1max = {mode: 'max', version: 'v1', inlineOnly: false} as const;
const asText = (value: unknown): string => JSON.stringify(value);

describe('provenance with mode=max', () => {
  const predicate = provenancePredicate(input, v1max);

  it('names every source with its digest: images, repositories, URLs', () => {
    expect(predicate).toMatchObject({
      buildDefinition: {
        resolvedDependencies: [
          {uri: 'pkg:docker/alpine@3.20?platform=linux%2Famd64', digest: {sha256: 'ab'.repeat(32)}},
          {uri: 'https://example.com/r.git#v1', digest: {sha1: 'e'.repeat(40)}},
          {uri: 'https://example.com/a.tar', digest: {sha256: hexOf(digestOf('a'))}},
        ],
      },
    });
  });

  it('names an image by a digest only where the Dockerfile does, and commits of git by the hash they are', () => {
    const {op} = base;
    if (op.kind !== 'source' || op.source.type !== 'image') throw new Error('no image');
    const reference = `docker.io/library/alpine@${digest}`;
    const pinned = vertex({kind: 'source', source: {...op.source, reference}}, [], {name: 'FROM'});
    const git = {
      type: 'git',
      remote: 'https://example.com/r',
      ref: undefined,
      commit: 'f'.repeat(64),
    } as const;
    expect(provenancePredicate({...input, plan: {vertex: pinned}, fetched: [git]}, v1max)).toMatchObject({
      buildDefinition: {
        resolvedDependencies: [
          {uri: `pkg:docker/alpine?digest=${digest}&platform=linux%2Famd64`},
          {uri: 'https://example.com/r', digest: {sha256: 'f'.repeat(64)}},
        ],
      },
    });
  });

  it('names an image by the digest of its index, where it has one, in the steps too', () => {
    const index = `sha256:${'cd'.repeat(32)}`;
    const told = provenancePredicate({...input, roots: new Map([[digest, index]])}, v1max);
    expect(told).toMatchObject({
      buildDefinition: {
        resolvedDependencies: [{digest: {sha256: 'cd'.repeat(32)}}, {}, {}],
        internalParameters: {
          buildConfig: {
            llbDefinition: [
              {op: {Op: {source: {identifier: `docker-image://docker.io/library/alpine:3.20@${index}`}}}},
              {},
              {},
            ],
          },
        },
      },
    });
  });

  it('names the image of the scanner that looked at the result', () => {
    const scanner = vertex(
      {
        kind: 'source',
        source: {type: 'image', reference: 'example.com/scan:2', manifestDigest: digest, platform},
      },
      [],
      {name: '[sbom]'},
    );
    expect(provenancePredicate({...input, scanner, fetched: []}, v1max)).toMatchObject({
      buildDefinition: {
        resolvedDependencies: [
          {uri: 'pkg:docker/alpine@3.20?platform=linux%2Famd64'},
          {uri: 'pkg:docker/example.com/scan@2?platform=linux%2Famd64', digest: {sha256: 'ab'.repeat(32)}},
        ],
      },
    });
  });

  it('says how it is to be read, by BuildKit’s definition', () => {
    expect(predicate).toMatchObject({
      buildDefinition: {
        buildType: 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
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
              {
                id: 'step1',
                inputs: ['step0:0'],
                // NetMode NONE, and MountType SECRET and SSH.
                op: {
                  Op: {exec: {network: 2, mounts: [{input: 0, dest: '/'}, {mountType: 1}, {mountType: 2}]}},
                  platform: {OS: 'linux', Architecture: 'amd64'},
                },
              },
              {id: 'step2', inputs: ['step1:0'], op: {Op: {}}},
            ],
          },
        },
      },
      runDetails: {
        metadata: {
          buildkit_metadata: {
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

  it('is hermetic when no step has a network, and nothing of this machine goes in', () => {
    const resolved = (resolvedDependencies: boolean) => ({buildkit_completeness: {resolvedDependencies}});
    expect(predicate).toMatchObject({runDetails: {metadata: {buildkit_hermetic: true, ...resolved(true)}}});
    const open = vertex({...exec, network: 'default'}, [base], {name: 'RUN'});
    expect(provenancePredicate({...input, plan: {vertex: open}}, v1max)).toMatchObject({
      runDetails: {metadata: {buildkit_hermetic: false, ...resolved(true)}},
    });
    const parameters = {...input.parameters, isLocalFile: true};
    expect(provenancePredicate({...input, parameters}, v1max)).toMatchObject({
      buildDefinition: {externalParameters: {request: {locals: [{name: 'dockerfile'}]}}},
      runDetails: {metadata: {buildkit_hermetic: false, ...resolved(false)}},
    });
  });

  it('names a context of this machine though no step copies from it', () => {
    const parameters = {...input.parameters, isLocalFile: true, isLocalContext: true};
    for (const mode of ['min', 'max'] as const) {
      expect(provenancePredicate({...input, parameters}, {...v1max, mode})).toMatchObject({
        buildDefinition: {
          externalParameters: {request: {locals: [{name: 'context'}, {name: 'dockerfile'}]}},
        },
      });
    }
  });

  it('says what a context that was fetched was, and counts it as complete', () => {
    const local = (name: string) => vertex({kind: 'source', source: {type: 'local', name}}, [], {name});
    const both = vertex({kind: 'merge'}, [local('context'), local('tools'), local('own')], {name: 'COPY'});
    const predicateOf = (uri: string) => {
      const args = {'context:tools': 'https://example.com/tools.git', 'context:own': 'local:own'};
      const parameters = {
        args,
        configSource: {uri, path: 'Dockerfile'},
        isLocalFile: false,
        isLocalContext: false,
      };
      // As the ledger has it.
      const remote = uri.replace('me:pw', 'xxxxx').replace(/#.*/, '');
      const fetched = [{type: 'git', remote, ref: 'v1', commit: 'e'.repeat(40)} as const];
      return provenancePredicate({...input, plan: {vertex: both}, parameters, fetched}, v1max);
    };
    for (const uri of ['https://me:pw@example.com/r.git#v1', 'https://example.com/r.git#v1:sub/dir']) {
      expect(predicateOf(uri)).toMatchObject({
        buildDefinition: {
          externalParameters: {
            configSource: {uri: uri.replace('me:pw@', 'xxxxx@'), digest: {sha1: 'e'.repeat(40)}},
            request: {locals: [{name: 'own'}]},
          },
        },
      });
    }
  });
});

describe('provenance with mode=min', () => {
  const predicate = provenancePredicate(input, {...v1max, mode: 'min'});

  it('tells of the repository of the context, as with mode=max', () => {
    const versionControl = {source: 'https://me:pw@example.com/r.git', revision: 'a'.repeat(40)};
    for (const mode of ['min', 'max'] as const) {
      expect(provenancePredicate({...input, versionControl}, {...v1max, mode})).toMatchObject({
        runDetails: {
          metadata: {
            buildkit_metadata: {
              vcs: {source: 'https://xxxxx@example.com/r.git', revision: 'a'.repeat(40)},
            },
          },
        },
      });
    }
  });

  it('tells neither build arguments nor labels, secrets, steps or text', () => {
    expect(predicate).toMatchObject({
      buildDefinition: {externalParameters: {request: {args: {target: 'app'}}}},
      runDetails: {metadata: {buildkit_metadata: {}, buildkit_completeness: {request: false}}},
    });
    for (const absent of ['build-arg', 'label:', 'llbDefinition', 'infos', '"secrets"', '"ssh"', 'token'])
      expect(asText(predicate)).not.toContain(absent);
  });

  it('tells the whole request where there is nothing to leave out', () => {
    const parameters = {...input.parameters, args: {target: 'app', 'no-cache': ''}};
    expect(provenancePredicate({...input, parameters}, {...v1max, mode: 'min'})).toMatchObject({
      buildDefinition: {externalParameters: {request: {args: {target: 'app', 'no-cache': ''}}}},
      runDetails: {metadata: {buildkit_completeness: {request: true}}},
    });
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
    buildType: 'https://mobyproject.org/buildkit@v1',
    materials: [{}, {}, {}],
    metadata: {
      buildInvocationID: 'run-1',
      completeness: {parameters: true, environment: true, materials: true},
      'https://mobyproject.org/buildkit@v1#hermetic': true,
      'https://mobyproject.org/buildkit@v1#metadata': {source: {}},
    },
  });
});

it('who vouches for the build, and that it is reproducible, are the word of the user', () => {
  const words = {builderId: 'https://ci.example.com/7', isReproducible: true};
  expect(provenancePredicate(input, {...v1max, ...words})).toMatchObject({
    runDetails: {builder: {id: words.builderId}, metadata: {buildkit_reproducible: true}},
  });
  expect(provenancePredicate(input, {...v1max, version: 'v0.2', ...words})).toMatchObject({
    builder: {id: words.builderId},
    metadata: {reproducible: true},
  });
  expect(provenancePredicate(input, v1max)).toMatchObject({
    runDetails: {builder: {id: ''}, metadata: {buildkit_reproducible: false}},
  });
});
