// What this build can tell of itself to caches that BuildKit has written: its graph, its sources, and what is in
// inputs.

import type {BuildkitBuild} from '../../cache/buildkit/buildkit-imports.ts';
import type {Vertex} from '../../graph/vertex.ts';
import type {OpRunners} from '../../solver/op-runner.ts';
import type {BuildValue} from '../../sources/value.ts';
import {assert} from '../../util/assert.ts';
import type {Engine} from '../engine.ts';

export function buildkitBuild(
  targets: readonly Vertex[],
  runners: OpRunners<Vertex, BuildValue>,
  {snapshotter, helper, registry}: Pick<Engine, 'snapshotter' | 'helper' | 'registry'>,
  signal: AbortSignal,
): BuildkitBuild {
  return {
    targets,
    async open(vertex) {
      const opened = await runners['source']?.open?.(vertex, signal);
      assert(opened !== undefined, 'sources can be opened');
      return opened.value;
    },
    async rootDigestOf({reference, platform, manifestDigest}) {
      const client = await registry();
      // An image that is only here has no other name that BuildKit could know.
      const found = await client.resolve(reference, platform, signal).catch(() => undefined);
      signal.throwIfAborted();
      return found?.manifestDigest === manifestDigest ? found.rootDigest : undefined;
    },
    async checksumsOf(value, places) {
      const {BuildkitChecksums} = await import('../../ops/buildkit-checksums.ts');
      return new BuildkitChecksums(snapshotter, helper).of(value, places, signal);
    },
  };
}
