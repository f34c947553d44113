// Records inside the config of an image (docs/formats/cache-record.md): the documents of src/cache/shared-record.ts,
// in which a layer is told by its place in the image, so that they hold for whatever compression the image was pushed
// with. They come from outside when they are read, and are checked as every document is.

import type {Descriptor} from '../../oci/descriptor.ts';
import type {DiffId} from '../../oci/digest.ts';
import {opDigestOf} from '../../solver/keys.ts';
import type {Json} from '../../util/canonical-json.ts';
import {documentName, formatRecord, type SharedRecord} from '../shared-record.ts';

interface ImageLayers {
  /** Bottom first. */
  readonly layers: readonly {readonly diffId: DiffId; readonly blob: Descriptor}[];
}

/**
 * A record as the image has it. `places`: where in the image the layers of the record are, bottom first. An image is
 * read by others than those who may read a cache: of what a step is, with its variables and files, it has a digest.
 */
export function inlineRecord(record: SharedRecord, places: readonly number[]): Json {
  const {op, inputs, from, ...more} = record.ingredients;
  const ingredients = {...more, op: opDigestOf(op), inputs, from: from.map(() => '')};
  const quiet = {...record, ingredients, name: '', layers: []};
  const {layers: _, ...text} = JSON.parse(Buffer.from(formatRecord(quiet)).toString()) as {
    readonly [key: string]: Json;
  };
  const layers = record.layers.map(({isBase, epochSeconds, createdMs}, index) => ({
    at: places[index] ?? -1,
    base: isBase,
    epochSeconds,
    createdMs: Math.round(createdMs),
  }));
  return {...text, layers};
}

/** The documents of an image by name. What is no record is left out: whoever reads the others does not need it. */
export function inlineDocuments(member: unknown, image: ImageLayers): ReadonlyMap<string, Uint8Array> {
  const documents = new Map<string, Uint8Array>();
  for (const record of Array.isArray(member) ? (member as readonly unknown[]) : []) {
    if (typeof record !== 'object' || record === null) continue;
    const {key, layers} = record as {readonly key?: unknown; readonly layers?: unknown};
    if (typeof key !== 'string' || !Array.isArray(layers)) continue;
    const full = layers.map((layer) => withBlob(layer, image));
    documents.set(documentName(key), Buffer.from(JSON.stringify({...record, layers: full})));
  }
  return documents;
}

function withBlob(layer: unknown, {layers}: ImageLayers): unknown {
  const at = (layer as {readonly at?: unknown} | null)?.at;
  const found = typeof at === 'number' ? layers[at] : undefined;
  if (found === undefined) return null;
  const {diffId, blob} = found;
  return {...(layer as object), diffId, mediaType: blob.mediaType, digest: blob.digest, size: blob.size};
}
