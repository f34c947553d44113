// What a vertex of the product's graph evaluates to: a snapshot (undefined: an empty tree), or a directory of the
// host that is read in place and has no result key, only content.

import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {LocalContext} from './local/local-context.ts';

export type BuildValue =
  | {readonly type: 'snapshot'; readonly snapshot: SnapshotId | undefined}
  | {readonly type: 'local'; readonly context: LocalContext};
