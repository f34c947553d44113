// --cache-to type=inline: what a build used and made, told inside the images that come of it. Layers are not written
// anywhere but in the image, so a step whose layers it does not have is told by its key alone (as mode=min).

import type {DiffId} from '../../oci/digest.ts';
import {cacheMembers} from '../../oci/image-config.ts';
import {isImageSource} from '../../snapshot/layer-source.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {Snapshotter} from '../../snapshot/snapshotter.ts';
import {byteOrder} from '../../util/byte-order.ts';
import type {Json} from '../../util/canonical-json.ts';
import type {RecordCache} from '../record-cache.ts';
import type {RecordTaker} from '../shared-cache.ts';
import {primaryKeyOf, type SharedRecord} from '../shared-record.ts';
import {inlineRecord} from './inline-document.ts';

export interface InlineCacheOptions {
  readonly records: RecordCache;
  /** What other caches told of a key. */
  readonly told: (key: string) => SharedRecord | undefined;
  readonly snapshotter: Snapshotter;
}

export class InlineCache implements RecordTaker {
  readonly #options: InlineCacheOptions;
  readonly #keys = new Set<string>();

  constructor(options: InlineCacheOptions) {
    this.#options = options;
  }

  add(key: string): void {
    this.#keys.add(key);
  }

  /**
   * What the config of an image is to have. `image` is what it was made of, `diffIds` are the layers it came to have:
   * those that were written in another way than records know them are no layers of records.
   */
  members(image: SnapshotId, diffIds: readonly DiffId[]): Readonly<Record<string, Json>> {
    const {snapshotter} = this.#options;
    const places = new Map<string, number>();
    for (const [index, layer] of snapshotter.layersOf(image).entries()) {
      const {diffId} = snapshotter.layerRow(layer);
      if (diffId !== undefined && diffId === diffIds[index]) places.set(layer, index);
    }
    const records = new Map<string, Json>();
    for (const key of this.#keys) {
      const found = this.#record(key, places);
      if (found === undefined) continue;
      const {record, at} = found;
      for (const name of [record.primary, key]) records.set(name, inlineRecord({...record, key: name}, at));
    }
    const sorted = [...records].toSorted(([a], [b]) => byteOrder(a, b)).map(([, record]) => record);
    return sorted.length === 0 ? {} : {[cacheMembers.own]: sorted};
  }

  /** What a process used differs from run to run, and an image should not. */
  #record(
    key: string,
    places: ReadonlyMap<string, number>,
  ): {record: SharedRecord; at: number[]} | undefined {
    const {records, told, snapshotter} = this.#options;
    const stored = records.read(key);
    if (stored === undefined) {
      const record = told(key);
      return record === undefined ? undefined : {record: {...record, usage: undefined, layers: []}, at: []};
    }
    const {snapshot, ingredients, resultKey, name} = stored;
    const stack = snapshotter.stackOf(snapshot);
    const at = stack.flatMap(({layer}) => places.get(layer) ?? []);
    const layers = at.length < stack.length ? [] : stack.flatMap((row) => this.#layer(row));
    const primary = primaryKeyOf(key, ingredients);
    return {record: {key, primary, ingredients, resultKey, name, usage: undefined, layers}, at};
  }

  #layer({
    layer,
    epochSeconds,
  }: ReturnType<Snapshotter['stackOf']>[number]): readonly SharedRecord['layers'][number][] {
    const {source, diffId, blob, createdMs} = this.#options.snapshotter.layerRow(layer);
    if (diffId === undefined || blob === undefined) return [];
    return [{diffId, blob, isBase: isImageSource(source), epochSeconds, createdMs}];
  }
}
