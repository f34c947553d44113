// type=image: config and manifest go into the store beside the layers, and the names point to them.

import {checkImageOptions, ExportOptions, imageOptions} from '../export-options.ts';
import type {BuiltImage, ExportContext, Exporter, ExporterFactory, ExportResult} from '../exporter.ts';
import {exportResult, makeLayout} from '../layout.ts';

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
    return storeExporter(options.names(tags), options.annotations());
  },
};

/** Also what type=docker does without a `dest`. */
export function storeExporter(
  names: readonly string[],
  annotations: Readonly<Record<string, string>>,
): Exporter {
  return {
    name: 'exporting to image',
    export: (image, context) => exportToStore(image, context, names, annotations),
  };
}

async function exportToStore(
  image: BuiltImage,
  context: ExportContext,
  names: readonly string[],
  annotations: Readonly<Record<string, string>>,
): Promise<ExportResult> {
  const layout = await makeLayout(image, context, {names, annotations});
  for (const blob of layout.blobs) if ('bytes' in blob) await context.blobs.put(blob.bytes);
  const {descriptor} = layout.image;
  // An image without a name can still be found by its ID.
  for (const name of names.length > 0 ? names : [`<none>@${descriptor.digest}`]) {
    await context.tagImage(name, descriptor);
    if (names.length > 0) context.note(`naming to ${name}`);
  }
  return exportResult(layout);
}
