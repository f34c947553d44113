// `tsbuild cache-mount ls` and `tsbuild cache-mount inspect`.

import {join} from 'node:path';
import {buildError} from '../../../diagnostics/build-error.ts';
import {diskUse} from '../../../space/disk-use.ts';
import type {CacheMountFacts} from '../../../store/cache-mounts.ts';
import {systemClock} from '../../../util/clock.ts';
import {exitCodes} from '../../exit-codes.ts';
import {ageText, sizeText} from '../../format/figures.ts';
import {objectPrinter, rowPrinter} from '../../format/print.ts';
import type {FormatObject} from '../../format/value.ts';
import {openSpace} from '../../space/access.ts';
import type {Act} from '../command.ts';
import {chosenCache, hasVariants, optionsOf} from './chosen-cache.ts';

const table = '{{.ID}}\t{{.Sharing}}\t{{.Size}}\t{{.LastUsed}}\t{{.Variant}}\t{{.Scope}}';
const headings = {
  ID: 'ID',
  CacheID: 'CACHE ID',
  Variant: 'VARIANT',
  Sharing: 'SHARING',
  Size: 'SIZE',
  Bytes: 'BYTES',
  LastUsed: 'LAST USED',
  LastUsedAt: 'LAST USED AT',
  CreatedAt: 'CREATED AT',
  InUse: 'IN USE',
  Scope: 'SCOPE',
};

export const listCaches: Act = async ({flags, operands, io}) => {
  if (operands.length > 0) throw buildError('usage', 'cli-operands', 'cache-mount ls takes no operands');
  const print = rowPrinter(flags.last('format'), {table, headings});
  await using access = await openSpace(flags, io);
  const {state} = access.engine;
  const mounts = state.cacheMounts
    .list()
    .filter(hasVariants)
    .toSorted((a, b) => b.usedMs - a.usedMs);
  if (flags.has('quiet')) {
    io.stdout.write(mounts.map(({id, folder}) => `${id ?? folder}\n`).join(''));
    return exitCodes.ok;
  }
  const rows = await Promise.all(mounts.map((mount) => rowsOf(mount, state.root)));
  io.stdout.write(print(rows.flat()));
  return exitCodes.ok;
};

export const inspectCaches: Act = async ({flags, operands, io}) => {
  if (operands.length === 0) throw buildError('usage', 'cli-operands', 'cache-mount inspect needs a CACHE');
  const print = objectPrinter(flags.last('format'));
  await using access = await openSpace(flags, io);
  const {state} = access.engine;
  const all = state.cacheMounts.list();
  const chosen = operands.map((operand) => chosenCache(all, operand));
  const rows = await Promise.all(chosen.map((mount) => rowsOf(mount, state.root)));
  io.stdout.write(print(rows.flat()));
  return exitCodes.ok;
};

/** A row for each variant. */
async function rowsOf(mount: CacheMountFacts, root: string): Promise<readonly FormatObject[]> {
  return Promise.all(
    mount.variants.map(async (variant) => {
      const {usedMs, createdMs, inUse, description} = variant;
      const bytes = await diskUse(join(root, 'cache-mounts', mount.folder, variant.folder));
      return {
        ID: mount.id ?? mount.folder,
        CacheID: mount.folder,
        Variant: optionsOf(variant),
        Sharing: description?.sharing ?? '',
        Size: sizeText(bytes),
        Bytes: bytes,
        LastUsed: usedMs > 0 ? ageText(systemClock.nowMs() - usedMs) : '',
        LastUsedAt: usedMs > 0 ? new Date(usedMs).toISOString() : '',
        CreatedAt: createdMs > 0 ? new Date(createdMs).toISOString() : '',
        InUse: inUse,
        Scope: description?.origin ?? 'local',
      };
    }),
  );
}
