// What `du`, `prune`, `fsck` and `cache-mount` open and print alike.

import {type Engine, openEngine} from '../../build/engine.ts';
import {type Item, isMutable} from '../../space/item.ts';
import {totalBytes} from '../../space/selection.ts';
import {Space} from '../../space/space.ts';
import {systemClock} from '../../util/clock.ts';
import type {FlagValues} from '../flag-values.ts';
import {ageText, sizeText} from '../format/figures.ts';
import type {RowFormat} from '../format/print.ts';
import type {FormatObject} from '../format/value.ts';
import type {CliIo} from '../io.ts';
import {placesOf} from '../places.ts';

export interface SpaceAccess extends AsyncDisposable {
  readonly engine: Engine;
  readonly space: Space;
}

export async function openSpace(flags: FlagValues, io: CliIo): Promise<SpaceAccess> {
  const engine = await openEngine({
    ...placesOf(flags, io),
    environment: io.env,
    clock: systemClock,
    onLayerProgress: () => {},
  });
  const space = new Space({state: engine.state, helper: engine.helper, clock: systemClock});
  return {engine, space, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]()};
}

export const itemFormat: RowFormat = {
  table: '{{.ID}}\t{{.Reclaimable}}\t{{.Size}}\t{{.LastUsed}}\t{{.Type}}\t{{.Description}}',
  headings: {
    ID: 'ID',
    Parents: 'PARENTS',
    Type: 'TYPE',
    Description: 'DESCRIPTION',
    Reclaimable: 'RECLAIMABLE',
    InUse: 'IN USE',
    Shared: 'SHARED',
    Mutable: 'MUTABLE',
    Size: 'SIZE',
    SharedSize: 'SHARED SIZE',
    CreatedAt: 'CREATED AT',
    LastUsed: 'LAST ACCESSED',
    LastUsedAt: 'LAST ACCESSED AT',
    Reason: 'REASON',
  },
};

const idLength = 12;

/** A row of `du` and `prune`. */
export function rowOf(item: Item, whole: boolean, more: FormatObject = {}): FormatObject {
  const {id, usedMs, createdMs} = item;
  return {
    ID: whole || id.startsWith('notes-') ? id : id.slice(0, idLength),
    Parents: item.parents.map((parent) => (whole ? parent : parent.slice(0, idLength))),
    Type: item.type,
    Description: item.description,
    Reclaimable: isReclaimable(item),
    InUse: item.inUse,
    Shared: item.shared,
    Mutable: isMutable(item),
    Size: sizeText(item.bytes),
    SharedSize: sizeText(item.sharedBytes),
    CreatedAt: createdMs > 0 ? new Date(createdMs).toISOString() : '',
    LastUsed: usedMs ? ageText(systemClock.nowMs() - usedMs) : '',
    LastUsedAt: usedMs ? new Date(usedMs).toISOString() : '',
    ...more,
  };
}

export function isReclaimable({inUse, pinned}: Item): boolean {
  return !inUse && pinned === undefined;
}

/** What all of them take, what is counted in several of them once. */
export function totalText(items: readonly Item[]): string {
  return sizeText(totalBytes(items));
}
