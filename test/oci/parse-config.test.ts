import {describe, expect, it} from 'vitest';
import {digestOf} from '../../src/oci/digest.ts';
import type {ImageConfig} from '../../src/oci/image-config.ts';
import {parseConfig} from '../../src/oci/parse-config.ts';

const platform = {os: 'linux', architecture: 'amd64'};
const diffIds = [digestOf('one'), digestOf('two')];

function parse(document: unknown): ImageConfig | {readonly problem: string} {
  return parseConfig(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));
}

function historyOf(history: unknown): readonly unknown[] | undefined {
  const config = parse({...platform, rootfs: {type: 'layers', diff_ids: diffIds}, history});
  return 'problem' in config ? undefined : config.history;
}

describe('parseConfig', () => {
  it('keeps members that nobody here reads, for the config is passed on', () => {
    const document = {
      ...platform,
      author: 'me',
      config: {Env: ['A=1'], Custom: 1},
      rootfs: {type: 'layers', diff_ids: []},
    };
    expect(parse(document)).toMatchObject({author: 'me', config: {Env: ['A=1'], Custom: 1}});
  });

  it('takes the empty lists that Go writes as null for absent', () => {
    const document = {
      ...platform,
      config: {Env: null, Cmd: null},
      rootfs: {type: 'layers', diff_ids: null},
      history: null,
    };
    expect(parse(document)).toMatchObject({config: {}, rootfs: {diff_ids: []}, history: []});
    expect(parse({...platform, rootfs: {type: 'layers'}})).toMatchObject({config: {}});
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no platform', {rootfs: {diff_ids: []}}],
    ['no rootfs', platform],
    ['a diff id that is none', {...platform, rootfs: {diff_ids: ['sha256:12']}}],
    ['an environment of numbers', {...platform, rootfs: {diff_ids: []}, config: {Env: [1]}}],
    ['a user that is a list', {...platform, rootfs: {diff_ids: []}, config: {User: []}}],
    ['a history of nothing', {...platform, rootfs: {diff_ids: []}, history: [null]}],
    ['a history of numbers', {...platform, rootfs: {diff_ids: []}, history: [{created_by: 1}]}],
  ])('refuses %s', (_what, document) => {
    expect(parse(document)).toHaveProperty('problem');
  });

  it('a history that tells of every layer stays as it is', () => {
    const history = [{created_by: 'a'}, {created_by: 'b', empty_layer: true}, {created_by: 'c'}];
    expect(historyOf(history)).toEqual(history);
  });

  it('a history that tells of fewer layers gets entries for the others', () => {
    const added = {comment: 'buildkit.exporter.image.v0'};
    expect(historyOf(undefined)).toEqual([added, added]);
    expect(historyOf([{created_by: 'a'}])).toEqual([{created_by: 'a'}, added]);
  });

  it('a history that tells of more layers has its oldest called empty', () => {
    expect(historyOf([{created_by: 'a'}, {created_by: 'b'}, {created_by: 'c'}])).toEqual([
      {created_by: 'a', empty_layer: true},
      {created_by: 'b'},
      {created_by: 'c'},
    ]);
  });
});
