// The progress of layers that come long after the FROM that named them.

import {describe, expect, it} from 'vitest';
import {LayerSteps} from '../../src/build/layer-steps.ts';
import type {Vertex} from '../../src/graph/vertex.ts';
import {digestOf} from '../../src/oci/digest.ts';
import type {BuildEvent} from '../../src/progress/events.ts';
import type {SnapshotId} from '../../src/snapshot/layer-table.ts';
import type {Snapshotter} from '../../src/snapshot/snapshotter.ts';

const blob = {mediaType: 'layer', digest: digestOf('layer'), size: 10};

/** What is told of a FROM with one layer, after it was settled. */
function told(): {events: BuildEvent[]; steps: LayerSteps} {
  const events: BuildEvent[] = [];
  const steps = new LayerSteps((event) => events.push(event), {nowMs: () => 1});
  const vertex = {id: 'v', origin: {name: 'FROM base'}} as unknown as Vertex;
  const snapshotter = {layersOf: () => ['l'], isUnpacked: () => false} as unknown as Snapshotter;
  steps.onImage(vertex, snapshotter, 's' as SnapshotId);
  events.length = 0;
  return {events, steps};
}

describe('a layer that is wanted', () => {
  it('takes its step up again with the first byte, and ends it with the last', () => {
    const {events, steps} = told();
    steps.onProgress({layer: 'l', blob, currentBytes: 4, done: false});
    steps.onProgress({layer: 'l', blob, currentBytes: 10, done: true});
    expect(events.map(({type}) => type)).toEqual([
      'step-started',
      'step-progress',
      'step-progress',
      'step-finished',
    ]);
  });

  it('and that another process fetches is said to be waited for', () => {
    const {events, steps} = told();
    steps.onProgress({layer: 'l', blob, currentBytes: 0, done: false, isWaiting: true});
    expect(events).toMatchObject([
      {type: 'step-started', step: 'v', name: 'FROM base'},
      {type: 'step-note', step: 'v', text: `waiting for another tsbuild that fetches ${blob.digest}`},
    ]);
    steps.onProgress({layer: 'l', blob, currentBytes: 10, done: true});
    expect(events.at(-1)).toMatchObject({type: 'step-finished', outcome: 'done'});
  });
});
