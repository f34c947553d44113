// The shelf of exporters. A new one is a folder with a factory, and a line here.

import {buildError} from '../diagnostics/build-error.ts';
import {suggest} from '../util/suggest.ts';
import {cacheonlyExporter} from './cacheonly/cacheonly-exporter.ts';
import {dockerExporter} from './docker/docker-exporter.ts';
import type {Exporter, ExporterFactory} from './exporter.ts';
import {imageExporter} from './image/image-exporter.ts';
import {localExporter} from './local/local-exporter.ts';
import {ociExporter} from './oci/oci-exporter.ts';
import {registryExporter} from './registry/registry-exporter.ts';
import {tarExporter} from './tar/tar-exporter.ts';

export const exporterFactories: readonly ExporterFactory[] = [
  imageExporter,
  registryExporter,
  ociExporter,
  dockerExporter,
  tarExporter,
  localExporter,
  cacheonlyExporter,
];

/** The exporter for `-o type=TYPE,…`. Throws BuildError('usage') for an unknown type or bad options. */
export function createExporter(
  type: string,
  options: ReadonlyMap<string, string>,
  tags: readonly string[],
): Exporter {
  const factory = exporterFactories.find((candidate) => candidate.type === type);
  if (factory !== undefined) return factory.create(options, tags);
  const types = exporterFactories.map((candidate) => candidate.type);
  const near = suggest(type, types);
  throw buildError('usage', 'exporter-unknown-type', `there is no output type=${type}`, {
    hints: [near === undefined ? `the types are ${types.join(', ')}` : `did you mean type=${near}?`],
  });
}
