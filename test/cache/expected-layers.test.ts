import {describe, expect, it} from 'vitest';
import {ExpectedLayers} from '../../src/cache/expected-layers.ts';
import type {ExecOp, Op} from '../../src/graph/op.ts';
import {type Vertex, vertex} from '../../src/graph/vertex.ts';
import {type DiffId, digestOf} from '../../src/oci/digest.ts';

const layer = (name: string): {diffId: DiffId} => ({diffId: digestOf(name) as unknown as DiffId});
const [low, high, own, other] = ['low', 'high', 'own', 'other'].map(layer);
if (low === undefined || high === undefined || own === undefined || other === undefined) throw new Error();

const make = (op: Op, ...inputs: Vertex[]): Vertex => vertex(op, inputs, {name: op.kind});
const base = make({kind: 'source', source: {type: 'local', name: 'stands for an image'}});
const run = make({kind: 'exec', rootInput: 0, mounts: [], extraHosts: []} as unknown as ExecOp, base);
const fromNothing = make({kind: 'file', base: -1, actions: []}, base);
const merged = make({kind: 'merge'}, run, fromNothing);

const expected = new ExpectedLayers({
  targets: [merged],
  open: async () => ({type: 'snapshot', snapshot: 'image'}),
  snapshotter: {
    layersOf: () => ['low', 'high'],
    layerRow: (id: string) => layer(id) as never,
  },
});

describe('layers that a cache tells of', () => {
  it.each<[string, Vertex, readonly {diffId: DiffId}[], boolean]>([
    ['those of the base and one more, of a step on it', run, [low, high, own], true],
    ['more', run, [low, high, own, own], false],
    ['fewer', run, [low, high], false],
    ['those of another base', run, [low, other, own], false],
    ['one, of a step on nothing', fromNothing, [own], true],
    ['those of all that is merged', merged, [low, high, own, other], true],
    ['those of one that is merged', merged, [low, high, own], false],
  ])('may be: %s', async (_, step, layers, fits) => {
    expect(await expected.fit(step, layers)).toBe(fits);
  });

  it('are asked about by the vertex of the step', () => {
    expect(expected.vertex(run.id)).toBe(run);
    expect(expected.vertex('another')).toBeUndefined();
  });
});
