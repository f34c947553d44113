// Sources: an image becomes a snapshot whose layers are fetched when somebody needs them; a directory of the host is
// read in place and keyed by what is read of it; what a URL or a repository names is looked up with every build, and
// fetched when it is not here.

import type {GitSource, HttpSource, SourceOp} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {chainIdOf} from '../../oci/digest.ts';
import type {ImageChain} from '../../snapshot/chains.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {Snapshotter} from '../../snapshot/snapshotter.ts';
import type {OpRunner, Solved} from '../../solver/op-runner.ts';
import type {BuildValue} from '../../sources/value.ts';
import {assert} from '../../util/assert.ts';

export interface SourceRunnerOptions {
  readonly snapshotter: Snapshotter;
  /** Layers of an image that planning resolved. */
  chainOf(reference: string, manifestDigest: string): ImageChain;
  /** A context by name: a directory, or a tree that was fetched, which has a key. */
  openLocal(name: string, signal: AbortSignal): Promise<Solved<BuildValue>>;
  http(source: HttpSource, signal: AbortSignal): Promise<Fetched>;
  git(source: GitSource, signal: AbortSignal): Promise<Fetched>;
  /** Told which layers a source has, so that their progress can be shown under its step. */
  onImage(vertex: Vertex<SourceOp>, snapshot: SnapshotId | undefined): void;
}

/** A tree from outside, and what it holds as a key. */
interface Fetched {
  readonly snapshot: SnapshotId;
  readonly key: string;
}

export function sourceRunner(options: SourceRunnerOptions): OpRunner<Vertex<SourceOp>, BuildValue> {
  return {
    async open(vertex, signal) {
      const {source} = vertex.op;
      switch (source.type) {
        case 'image': {
          const chain = options.chainOf(source.reference, source.manifestDigest);
          const snapshot = await options.snapshotter.importImage(chain);
          options.onImage(vertex, snapshot);
          const diffIds = chain.layers.map(({diffId}) => diffId);
          // By content, not by name: two names of one image are one input.
          const key = diffIds.length === 0 ? 'image of no layers' : `image ${chainIdOf(diffIds)}`;
          return {value: {type: 'snapshot', snapshot}, key};
        }
        case 'local':
          return options.openLocal(source.name, signal);
        case 'http':
          return opened(await options.http(source, signal));
        case 'git':
          return opened(await options.git(source, signal));
      }
    },
    cacheMap: () => assert(false, 'a source is opened, not cached') as never,
    exec: () => assert(false, 'a source is opened, not run') as never,
  };
}

function opened({snapshot, key}: Fetched): Solved<BuildValue> {
  return {value: {type: 'snapshot', snapshot}, key};
}
