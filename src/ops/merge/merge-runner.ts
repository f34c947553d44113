// COPY --link: layers made on nothing are stacked onto a base; no bytes move, and a changed base changes nothing above.

import {keyedFieldsOf} from '../../graph/keying.ts';
import type {MergeOp} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import type {Snapshotter} from '../../snapshot/snapshotter.ts';
import type {OpRunner} from '../../solver/op-runner.ts';
import type {BuildValue} from '../../sources/value.ts';
import {assert} from '../../util/assert.ts';

export function mergeRunner(snapshotter: Snapshotter): OpRunner<Vertex<MergeOp>, BuildValue> {
  return {
    cacheMap: (vertex) => ({
      opKey: keyedFieldsOf(vertex.op),
      inputs: vertex.inputs.map(() => ({by: 'result'})),
    }),
    async exec(_vertex, inputs) {
      const [base, ...additions] = inputs.map((value) => {
        assert(value.type === 'snapshot', 'only snapshots can be merged');
        return value.snapshot;
      });
      const snapshot = await snapshotter.stack(
        base,
        additions.filter((addition) => addition !== undefined),
      );
      return {type: 'snapshot', snapshot};
    },
  };
}
