// type=image: config and manifest go into the store beside the layers, and the names point to them.

import {ociDialect} from '../../oci/media-types.ts';
import {checkImageOptions, ExportOptions, imageOptions} from '../export-options.ts';
import type {Exporter, ExporterFactory} from '../exporter.ts';
import {storeExporter} from '../store-exporter.ts';

const known = {
  ...imageOptions,
  push: 'false',
  store: 'true',
  unpack: 'without effect',
} as const;

export const imageExporter: ExporterFactory = {
  type: 'image',
  options: known,
  create(given, tags): Exporter {
    const options = new ExportOptions('image', given, known);
    checkImageOptions(options);
    options.only('push', ['false', '0'], 'pushing is not supported yet');
    options.only('store', ['true', '1'], 'use type=cacheonly for a build without an image');
    return storeExporter({
      names: options.names(tags),
      annotations: options.annotations(),
      dialect: options.dialect(ociDialect),
      isArtifact: options.boolean('oci-artifact', false),
    });
  },
};
