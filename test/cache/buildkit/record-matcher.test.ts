// Walking from a graph into the records of a cache: by what made an input, by what is in it, or not at all.

import {describe, expect, it} from 'vitest';
import {BuildSteps, type VertexValues} from '../../../src/cache/buildkit/build-steps.ts';
import {
  type BuildkitLayer,
  readCacheConfig,
  readInlineCache,
} from '../../../src/cache/buildkit/cache-config.ts';
import {RecordMatcher} from '../../../src/cache/buildkit/record-matcher.ts';
import {contentDigest} from '../../../src/cache/buildkit/step.ts';
import {stepOf} from '../../../src/cache/buildkit/vertex-step.ts';
import type {FileOp} from '../../../src/graph/op.ts';
import {type Vertex, vertex} from '../../../src/graph/vertex.ts';
import {type DiffId, digestOf, parseDiffId} from '../../../src/oci/digest.ts';

const platform = {os: 'linux', architecture: 'amd64'};
const source = {type: 'image', reference: 'r/b:1', manifestDigest: digestOf('m'), platform} as const;
const base = vertex({kind: 'source', source}, [], {name: 'base'});
const context = vertex({kind: 'source', source: {type: 'local', name: 'context'}}, [], {name: 'context'});
const workdir: FileOp = {
  ...{kind: 'file', base: 0},
  actions: [{type: 'make-directory', path: '/w', unknownOwner: 'root'}],
};
const made = vertex(workdir, [base], {name: 'made'});
const copyOp: FileOp = {
  ...{kind: 'file', base: 0},
  actions: [
    {
      ...{type: 'copy', input: 1, sources: [{path: '/f', wildcard: false}], destination: '/g'},
      ...{unpack: false, parents: false, excludes: []},
    },
  ],
};
const copied = vertex(copyOp, [made, context], {name: 'copied'});
const fromStage = vertex(copyOp, [base, made], {name: 'from stage'});

const digestFor = (one: Vertex, keys: readonly string[] = []): string =>
  [...stepOf(one, keys).digests][0] ?? '';
const selectorFor = (one: Vertex): string => stepOf(one, []).inputs[1]?.selectors[0] ?? '';

const records = [
  {digest: digestFor(base, ['chain'])},
  {digest: digestFor(made), inputs: [[{link: 0}]]},
  {digest: contentDigest('sum')},
  {digest: digestFor(copied), inputs: [[{link: 1}], [{link: 2}]], layers: [{layer: 1}]},
  {digest: digestFor(fromStage), inputs: [[{link: 0}], [{link: 1, selector: selectorFor(fromStage)}]]},
];

function matcherOf(
  values: Partial<VertexValues> = {},
  all: readonly object[] = records,
  image: readonly BuildkitLayer[] = [],
): RecordMatcher {
  const cache = readInlineCache('id', Buffer.from(JSON.stringify(all)).toString('base64'), image);
  return new RecordMatcher(
    cache,
    new BuildSteps({
      imageKeysOf: async () => ['chain'],
      inputOf: async (one) => (one === context ? {type: 'snapshot', snapshot: 'c'} : undefined),
      layersOf: () => undefined,
      checksumsOf: async () => ['other', 'sum'],
      ...values,
    }),
  );
}

describe('the records that a vertex is', () => {
  it('are found from its inputs upward, by what made them and what is in them', async () => {
    const matcher = matcherOf();
    expect([...(await matcher.match(made))]).toEqual([1]);
    expect([...(await matcher.match(copied))]).toEqual([3]);
    expect([...(await matcher.match(fromStage))]).toEqual([4]);
  });

  it('are none when the content is another, the base is another, or the selector is', async () => {
    expect((await matcherOf({checksumsOf: async () => ['other']}).match(copied)).size).toBe(0);
    expect((await matcherOf({imageKeysOf: async () => ['elsewhere']}).match(copied)).size).toBe(0);
    const moved = [
      ...records.slice(0, 4),
      {...records[4], inputs: [[{link: 0}], [{link: 1, selector: 'sha256:0'}]]},
    ];
    expect((await matcherOf({}, moved).match(fromStage)).size).toBe(0);
  });

  it('are none for a step that is told to run, and for what stands on it', async () => {
    const fresh = vertex(workdir, [base], {name: 'made', ignoreCache: true});
    const above = vertex(copyOp, [fresh, context], {name: 'copied'});
    expect((await matcherOf().match(above)).size).toBe(0);
  });

  it('are none on a step that was made here with other layers', async () => {
    const layered = records.map((record, index) =>
      index === 1 ? {...record, layers: [{layer: 0}]} : record,
    );
    const diffIdOf = (text: string): DiffId => parseDiffId(digestOf(text)) as DiffId;
    const blob = {mediaType: 'layer', digest: digestOf('blob'), size: 4};
    const image = [{diffId: diffIdOf('bits'), blob}];
    const matching = async (layers: readonly (DiffId | undefined)[]): Promise<number> => {
      const layersOf: VertexValues['layersOf'] = (one) => (one === made ? layers : undefined);
      return (await matcherOf({layersOf}, layered, image).match(copied)).size;
    };
    expect(await matching(image.map(({diffId}) => diffId))).toBe(1);
    expect(await matching([diffIdOf('other bits')])).toBe(0);
    expect(await matching([undefined])).toBe(0);
  });

  it('need contents only where a record is left that they decide about', async () => {
    const asked: string[] = [];
    const matcher = matcherOf({
      inputOf: async ({origin}) => {
        asked.push(origin.name);
        return undefined;
      },
    });
    await matcher.match(fromStage);
    expect(asked).toEqual([]);
    await matcher.match(copied);
    expect(asked).toEqual(['context']);
  });

  it('grow when more values are known', async () => {
    let isKnown = false;
    const matcher = matcherOf({
      inputOf: async () => (isKnown ? {type: 'snapshot', snapshot: 'c'} : undefined),
    });
    expect((await matcher.match(copied)).size).toBe(0);
    isKnown = true;
    matcher.learn();
    expect((await matcher.match(copied)).size).toBe(1);
  });

  it('end where records lead in a circle', async () => {
    const circle = [{digest: digestFor(made), inputs: [[{link: 0}]]}];
    expect((await matcherOf({}, circle).match(made)).size).toBe(0);
  });
});

describe('a cache of BuildKit', () => {
  const layer = (name: string) => ({
    diffId: digestOf(`tar ${name}`) as never,
    blob: {mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(name), size: 1},
  });
  const blobs = new Map(['a', 'b'].map((name) => [digestOf(name) as string, layer(name)]));
  const read = (config: object) => readCacheConfig('id', JSON.stringify(config), blobs).records;

  it('has results with all layers below them, the newest of several', () => {
    const layers = [{blob: digestOf('a'), parent: -1}, {blob: digestOf('b')}];
    const results = [
      {layer: 0, createdAt: '2020-01-01T00:00:00Z'},
      {layer: 1, createdAt: '2021-01-01T00:00:00.5Z'},
    ];
    const [record] = read({layers, records: [{digest: 'd', layers: results}]});
    expect(record?.layers.map(({blob}) => blob.digest)).toEqual([digestOf('a'), digestOf('b')]);
    expect(record?.layers[0]?.epochSeconds).toBe(Date.parse('2021-01-01T00:00:01Z') / 1000);
  });

  it('has results that are lists of layers', () => {
    const layers = [
      {blob: digestOf('a'), parent: -1},
      {blob: digestOf('b'), parent: -1},
    ];
    const [record] = read({layers, records: [{digest: 'd', chains: [{layers: [1, 0]}]}]});
    expect(record?.layers.map(({blob}) => blob.digest)).toEqual([digestOf('b'), digestOf('a')]);
  });

  it('has no result whose layers are not listed, are missing, or lie in a circle', () => {
    const layers = [
      {blob: digestOf('c'), parent: -1},
      {blob: digestOf('a'), parent: 1},
    ];
    for (const index of [0, 1, 7]) {
      expect(read({layers, records: [{digest: 'd', layers: [{layer: index}]}]})[0]?.layers).toEqual([]);
    }
  });

  it.each([
    ['no list of records', {records: {}}],
    ['a record that is no object', {records: [1]}],
    ['inputs that are no lists', {records: [{digest: 'd', inputs: [{}]}]}],
  ])('is none with %s', (_, config) => {
    expect(() => read(config)).toThrow('a cache of BuildKit with something');
  });

  it('in an image has the layers up to the one that it names', () => {
    const member = Buffer.from(JSON.stringify([{digest: 'd', layers: [{layer: 1}]}])).toString('base64');
    const image = ['a', 'b', 'c'].map(layer);
    expect(readInlineCache('id', member, image).records[0]?.layers).toHaveLength(2);
    expect(() => readInlineCache('id', 5, image)).toThrow('is no text');
  });
});
