// Sources: an image becomes a snapshot whose layers are fetched when somebody needs them; a directory of the host is
// read in place and keyed by what is read of it.

import {buildError} from '../../diagnostics/build-error.ts';
import type {SourceOp} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {chainIdOf} from '../../oci/digest.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {ImageChain, Snapshotter} from '../../snapshot/snapshotter.ts';
import type {OpRunner} from '../../solver/op-runner.ts';
import type {LocalContext} from '../../sources/local/local-context.ts';
import type {BuildValue} from '../../sources/value.ts';
import {assert} from '../../util/assert.ts';

export interface SourceRunnerOptions {
  readonly snapshotter: Snapshotter;
  /** Layers of an image that planning resolved. */
  chainOf(reference: string, manifestDigest: string): ImageChain;
  localContext(name: string): LocalContext;
  /** Told which layers a source has, so that their progress can be shown under its step. */
  onImage(vertex: Vertex<SourceOp>, snapshot: SnapshotId | undefined): void;
}

export function sourceRunner(options: SourceRunnerOptions): OpRunner<Vertex<SourceOp>, BuildValue> {
  return {
    async open(vertex) {
      const {source} = vertex.op;
      switch (source.type) {
        case 'image': {
          const chain = options.chainOf(source.reference, source.manifestDigest);
          const snapshot = options.snapshotter.importImage(chain);
          options.onImage(vertex, snapshot);
          const diffIds = chain.layers.map(({diffId}) => diffId);
          // By content, not by name: two names of one image are one input.
          const key = diffIds.length === 0 ? 'image of no layers' : `image ${chainIdOf(diffIds)}`;
          return {value: {type: 'snapshot', snapshot}, key};
        }
        case 'local':
          return {value: {type: 'local', context: options.localContext(source.name)}, key: undefined};
        case 'http':
          throw unsupported(
            'ADD from a URL is not supported yet',
            'download the file into the build context first',
          );
        case 'git':
          throw unsupported(
            'ADD from a git repository is not supported yet',
            'clone it into the build context first',
          );
      }
    },
    cacheMap: () => assert(false, 'a source is opened, not cached') as never,
    exec: () => assert(false, 'a source is opened, not run') as never,
  };
}

function unsupported(message: string, hint: string): Error {
  return buildError('user', 'source-unsupported', message, {hints: [hint]});
}
