import {describe, expect, it} from 'vitest';
import {buildStepsOf, digestMappingOf} from '../../src/attestation/build-steps.ts';
import type {FileAction, Op} from '../../src/graph/op.ts';
import {vertex} from '../../src/graph/vertex.ts';

const context = vertex({kind: 'source', source: {type: 'local', name: 'context'}}, [], {name: 'context'});
const other = vertex({kind: 'source', source: {type: 'local', name: 'other'}}, [], {name: 'other'});

/** The op of a step on both. */
function opOf(op: Op): unknown {
  return buildStepsOf([context, other, vertex(op, [context, other], {name: 'step'})], new Map())[2]?.op;
}

const copy = {type: 'copy', input: 1, unpack: false, parents: false, excludes: []} as const;

describe('a step as LLB has it', () => {
  it('copies one source at a time, each on top of the one before', () => {
    const sources = [
      {path: '/a', wildcard: false},
      {path: '/b*', wildcard: true},
    ];
    const actions: FileAction[] = [
      {...copy, sources, destination: '/to/', owner: '7:staff', mode: 0o755},
      {type: 'make-directory', path: '/d', unknownOwner: 'error'},
      {type: 'make-file', destination: '/d/', name: 'f', content: 'x', mode: 'u+x'},
    ];
    const owner = {user: {User: {byId: 7}}, group: {User: {byName: {name: 'staff', input: 0}}}};
    expect(opOf({kind: 'file', base: 0, actions})).toMatchObject({
      Op: {
        file: {
          actions: [
            {
              input: 0,
              secondaryInput: 1,
              output: -1,
              Action: {copy: {src: '/a', dest: '/to/', owner, mode: 0o755}},
            },
            {input: 2, secondaryInput: 1, output: -1, Action: {copy: {src: '/b*', allowWildcard: true}}},
            {input: 3, secondaryInput: -1, output: -1, Action: {mkdir: {path: '/d', makeParents: true}}},
            {
              input: 4,
              secondaryInput: -1,
              output: 0,
              Action: {mkfile: {path: '/d/f', data: 'eA==', modeStr: 'u+x'}},
            },
          ],
        },
      },
    });
  });

  it('names what comes from outside', () => {
    const git = {
      type: 'git',
      remote: 'https://me:pw@example.com/r.git',
      ref: 'v1',
      keepGitDirectory: false,
    } as const;
    const fetched = vertex({kind: 'source', source: git}, [], {name: 'git'});
    const steps = buildStepsOf([context, fetched], new Map());
    expect(digestMappingOf([context, fetched])).toBeUndefined();
    expect(steps.map(({op}) => op)).toMatchObject([
      {Op: {source: {identifier: 'local://context'}}},
      {Op: {source: {identifier: expect.stringMatching(/^git:\/\/.*example\.com\/r\.git#v1$/)}}},
      {Op: {}},
    ]);
    expect(JSON.stringify(steps)).not.toContain('pw');
  });

  it('is found by the digest that progress has of it', () => {
    const mapping = digestMappingOf([context, other]) ?? {};
    expect(mapping).toMatchObject({[context.id]: 'step0', [other.id]: 'step1'});
    expect(Object.values(mapping)).toEqual(['step0', 'step1', 'step2']);
  });

  it('is none where nothing is built', () => {
    expect(buildStepsOf([], new Map())).toEqual([]);
    expect(digestMappingOf([])).toEqual({});
  });
});
