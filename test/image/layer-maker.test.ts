import {expect, test} from 'vitest';
import {makerOf} from '../../src/image/layer-maker.ts';

test('a layer was made by the entry of the history that stands for it', () => {
  const config = {
    os: 'linux',
    architecture: 'amd64',
    config: {},
    rootfs: {type: 'layers', diff_ids: []},
    history: [{created_by: 'COPY'}, {created_by: 'ENV', empty_layer: true}, {created_by: 'RUN'}, {}],
  } as const;
  expect([0, 1, 2, 3].map((layer) => makerOf(config, layer))).toEqual(['COPY', 'RUN', undefined, undefined]);
  const {history: _, ...untold} = config;
  expect(makerOf(untold, 0)).toBeUndefined();
});
