// `tsbuild du`: items as rows, and sums.

import {buildError} from '../../../diagnostics/build-error.ts';
import {parseFilters} from '../../../space/filter.ts';
import type {Item} from '../../../space/item.ts';
import {systemClock} from '../../../util/clock.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {rowPrinter} from '../../format/print.ts';
import type {CliIo} from '../../io.ts';
import {isReclaimable, itemFormat, openSpace, rowOf, totalText} from '../../space/access.ts';

export async function runDu(flags: FlagValues, operands: readonly string[], io: CliIo): Promise<ExitCode> {
  if (operands.length > 0) throw buildError('usage', 'cli-operands', 'du takes no operands');
  const filter = parseFilters(flags.all('filter'));
  const format = flags.last('format');
  const print = rowPrinter(format, itemFormat);
  await using access = await openSpace(flags, io);
  const nowMs = systemClock.nowMs();
  const isOld = ({usedMs}: Item): boolean =>
    filter.keepMs === undefined || (usedMs !== undefined && nowMs - usedMs >= filter.keepMs);
  const items = (await access.space.items())
    .filter((item) => filter.matches(item) && isOld(item))
    .sort((a, b) => b.bytes - a.bytes);
  if (flags.has('verbose')) io.stdout.write(items.map(verboseText).join('\n'));
  else io.stdout.write(print(items.map((item) => rowOf(item, format !== undefined))));
  if (format === undefined) io.stdout.write(sumsOf(items));
  return exitCodes.ok;
}

function sumsOf(items: readonly Item[]): string {
  return [
    '',
    `Shared:       ${totalText(items.filter(({shared}) => shared))}`,
    `Private:      ${totalText(items.filter(({shared}) => !shared))}`,
    `Reclaimable:  ${totalText(items.filter(isReclaimable))}`,
    `Total:        ${totalText(items)}`,
    '',
  ].join('\n');
}

function verboseText(item: Item): string {
  const {Parents: parents, ...others} = rowOf(item, true);
  const lines = Object.entries({...others, Parents: (parents as readonly string[]).join(' ')});
  return lines
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${`${itemFormat.headings[name] ?? name}:`.padEnd(18)}${value}\n`)
    .join('');
}
