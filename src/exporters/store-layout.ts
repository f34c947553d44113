// An image that was made, in the local store: under its names, or without one.

import type {ExportContext} from './exporter.ts';
import type {Layout} from './layout.ts';

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
