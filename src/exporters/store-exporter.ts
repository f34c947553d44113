// Puts an image into the local store: what type=image does, and type=docker without a `dest`.

import type {BuiltImages, ExportContext, Exporter, ExportResult} from './exporter.ts';
import {exportResult, type LayoutOptions, makeLayout} from './layout.ts';

export function storeExporter(options: LayoutOptions): Exporter {
  return {
    name: 'exporting to image',
    export: (built, context) => exportToStore(built, context, options),
  };
}

async function exportToStore(
  built: BuiltImages,
  context: ExportContext,
  options: LayoutOptions,
): Promise<ExportResult> {
  const layout = await makeLayout(built, context, options);
  const {names} = options;
  for (const blob of layout.blobs) if ('bytes' in blob) await context.blobs.put(blob.bytes);
  const {root} = layout;
  // An image without a name can still be found by its ID.
  for (const name of names.length > 0 ? names : [`<none>@${root.digest}`]) {
    await context.tagImage(name, root);
    if (names.length > 0) context.note(`naming to ${name}`);
  }
  return exportResult(layout);
}
