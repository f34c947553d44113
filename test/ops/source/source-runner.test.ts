// What a source is to the rest of a build: an image or a tree that was fetched is named by its content, a directory of
// the host by nothing.

import {describe, expect, it} from 'vitest';
import type {SourceOp} from '../../../src/graph/op.ts';
import {type Vertex, vertex} from '../../../src/graph/vertex.ts';
import {chainIdOf, type DiffId, digestOf} from '../../../src/oci/digest.ts';
import {type SourceRunnerOptions, sourceRunner} from '../../../src/ops/source/source-runner.ts';
import type {ImageChain} from '../../../src/snapshot/chains.ts';
import type {Snapshotter} from '../../../src/snapshot/snapshotter.ts';
import type {BuildValue} from '../../../src/sources/value.ts';

const platform = {os: 'linux', architecture: 'amd64'} as const;
const signal = new AbortController().signal;
const diffIds = [digestOf('one'), digestOf('two')] as unknown as readonly DiffId[];

function image(reference: string): Vertex<SourceOp> {
  const source = {type: 'image', reference, manifestDigest: digestOf(reference), platform} as const;
  return vertex<SourceOp>({kind: 'source', source}, [], {name: `FROM ${reference}`});
}

function runnerOver(layers: readonly DiffId[]): {
  open: NonNullable<ReturnType<typeof sourceRunner>['open']>;
  seen: string[];
} {
  const seen: string[] = [];
  const options: SourceRunnerOptions = {
    snapshotter: {
      importImage: (chain: ImageChain) => (chain.layers.length === 0 ? undefined : 'snapshot-1'),
    } as unknown as Snapshotter,
    chainOf: (reference) => {
      seen.push(`chain of ${reference}`);
      return {layers: layers.map((diffId) => ({diffId}))} as unknown as ImageChain;
    },
    openLocal: async (name) => ({
      value: {type: 'local', context: {name}} as unknown as BuildValue,
      key: undefined,
    }),
    http: async ({url}) => ({snapshot: `file of ${url}`, key: 'http 1'}),
    git: async ({remote}) => ({snapshot: `tree of ${remote}`, key: 'git 1'}),
    onImage: (from, snapshot) => seen.push(`${from.origin.name} is ${snapshot}`),
  };
  const {open} = sourceRunner(options);
  if (open === undefined) throw new Error('sources are opened');
  return {open, seen};
}

describe('an image', () => {
  it('becomes a snapshot whose key is its content, whatever it is called', async () => {
    const {open, seen} = runnerOver(diffIds);
    const first = await open(image('docker.io/library/a:1'), signal);
    const second = await open(image('docker.io/library/b:2'), signal);
    expect(first).toEqual({
      value: {type: 'snapshot', snapshot: 'snapshot-1'},
      key: `image ${chainIdOf(diffIds)}`,
    });
    expect(second.key).toBe(first.key);
    expect(seen).toContain('FROM docker.io/library/b:2 is snapshot-1');
  });

  it('without layers is an empty tree with a key of its own', async () => {
    const {open} = runnerOver([]);
    const opened = await open(image('docker.io/library/empty:1'), signal);
    expect(opened).toEqual({value: {type: 'snapshot', snapshot: undefined}, key: 'image of no layers'});
  });
});

it('a directory of the host has no key: only what is read of it counts', async () => {
  const local = vertex<SourceOp>({kind: 'source', source: {type: 'local', name: 'context'}}, [], {
    name: 'context',
  });
  const opened = await runnerOver([]).open(local, signal);
  expect(opened).toEqual({value: {type: 'local', context: {name: 'context'}}, key: undefined});
});

it.each([
  [{type: 'http', url: 'https://example.org/x', filename: 'x'}, 'file of https://example.org/x', 'http 1'],
  [
    {type: 'git', remote: 'https://example.org/x.git', keepGitDirectory: false},
    'tree of https://example.org/x.git',
    'git 1',
  ],
] as const)('a source from outside is a snapshot with a key: %j', async (source, snapshot, key) => {
  const remote = vertex<SourceOp>({kind: 'source', source}, [], {name: 'ADD'});
  await expect(runnerOver([]).open(remote, signal)).resolves.toEqual({
    value: {type: 'snapshot', snapshot},
    key,
  });
});
