import {expect, it} from 'vitest';
import type {BuiltImages, ExportContext} from '../../../src/exporters/exporter.ts';
import {createExporter} from '../../../src/exporters/index.ts';

it('type=cacheonly asks nothing of the image and tells no digests', async () => {
  const nothing = {} as BuiltImages & ExportContext;
  expect(await createExporter('cacheonly', new Map(), []).export(nothing, nothing)).toEqual({});
});
