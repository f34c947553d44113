import {describe, expect, it} from 'vitest';
import {datedHistory} from '../../src/exporters/assemble.ts';
import type {BuiltImage, LayerWish} from '../../src/exporters/exporter.ts';
import {squashed} from '../../src/exporters/squash.ts';
import {amd64} from './fake-image.ts';

function image(wishes: (LayerWish | undefined)[] = []): BuiltImage {
  return {
    platform: amd64,
    config: {architecture: 'amd64', os: 'linux', config: {}, rootfs: {type: 'layers', diff_ids: []}},
    history: [
      {created: '2020-01-01T00:00:00Z', created_by: 'base'},
      {created_by: 'ENV', empty_layer: true},
      {created_by: 'RUN one'},
      {created_by: 'RUN two'},
    ],
    baseLayerCount: 1,
    layerTimesMs: [Date.UTC(2020, 0), Date.UTC(2021, 0), Date.UTC(2022, 0)],
    layers: async (_signal, wish) => {
      wishes.push(wish);
      return [];
    },
    rootView: async () => ({layers: []}),
  };
}

describe('an image that is squashed', () => {
  it('keeps its base and all lines of its history', () => {
    const made = squashed(image(), 'stage');
    expect(made.layerTimesMs).toEqual([Date.UTC(2020, 0), Date.UTC(2022, 0)]);
    expect(datedHistory(made, 2)).toEqual([
      {created: '2020-01-01T00:00:00Z', created_by: 'base'},
      {created: '2022-01-01T00:00:00Z', created_by: 'ENV', empty_layer: true},
      {created: '2022-01-01T00:00:00Z', created_by: 'RUN one', empty_layer: true},
      {created: '2022-01-01T00:00:00Z', created_by: 'RUN two', empty_layer: true},
      {created: '2022-01-01T00:00:00Z', comment: 'squashed 2 layers'},
    ]);
  });

  it('is one layer with squash=all', () => {
    const made = squashed(image(), 'all');
    expect(made.layerTimesMs).toEqual([Date.UTC(2022, 0)]);
    expect(made.history.map(({empty_layer}) => empty_layer === true)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it('asks for its layers as one, in the format that is wanted', async () => {
    const wishes: (LayerWish | undefined)[] = [];
    const format = {compression: 'zstd', force: false} as const;
    await squashed(image(wishes), 'stage').layers(new AbortController().signal, {format});
    expect(wishes).toEqual([{format, squashAbove: 1}]);
  });

  it('stays as it is where there is one layer already', () => {
    const single = {...image(), baseLayerCount: 2};
    expect(squashed(single, 'stage')).toBe(single);
  });
});
