// type=cacheonly: the build itself is the result; it leaves its steps in the cache.

import {ExportOptions} from '../export-options.ts';
import type {Exporter, ExporterFactory} from '../exporter.ts';

export const cacheonlyExporter: ExporterFactory = {
  type: 'cacheonly',
  options: {},
  create(given): Exporter {
    new ExportOptions('cacheonly', given, {});
    return {name: 'exporting to nowhere', export: async () => ({})};
  },
};
