// Puts an image into the local store: what type=image does, and type=docker without a `dest`.

import type {ExportContext, Exporter} from './exporter.ts';
import type {ImageForm} from './image-options.ts';
import {exportResult, type Layout, makeLayout} from './layout.ts';

export function storeExporter(options: ImageForm): Pick<Exporter, 'name' | 'export'> {
  return {
    name: 'exporting to image',
    async export(built, context) {
      const layout = await makeLayout(built, context, options);
      await storeLayout(layout, options.names, `<none>@${layout.root.digest}`, context);
      return exportResult(layout);
    },
  };
}

/** Under its names, or as `dangling`: an image without a name can still be found by its ID. */
export async function storeLayout(
  {blobs, root}: Layout,
  names: readonly string[],
  dangling: string,
  context: ExportContext,
): Promise<void> {
  for (const blob of blobs) if ('bytes' in blob) await context.blobs.put(blob.bytes);
  for (const name of names.length > 0 ? names : [dangling]) {
    await context.tagImage(name, root);
    if (names.length > 0) context.note(`naming to ${name}`);
  }
}
