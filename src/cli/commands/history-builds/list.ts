// `tsbuild history ls` and `tsbuild history rm`.

import {buildError} from '../../../diagnostics/build-error.ts';
import type {BuildRecord} from '../../../history/build-record.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {rowPrinter} from '../../format/print.ts';
import type {Act} from '../command.ts';
import {buildHeadings, buildRow, nameOf} from './build-rows.ts';
import {chosenId, openHistory} from './chosen-build.ts';

const table = '{{.ID}}\t{{.Name}}\t{{.Status}}\t{{.CreatedAt}}\t{{.Duration}}\t{{.Cached}}/{{.Steps}}';

export const listBuilds: Act = async ({flags, operands, io}) => {
  if (operands.length > 0) throw buildError('usage', 'cli-operands', 'history ls takes no operands');
  const print = rowPrinter(flags.last('format'), {table, headings: {...buildHeadings, Steps: 'STEPS'}});
  const accepts = filterOf(flags);
  const limit = limitOf(flags);
  const rows = [];
  for (const record of openHistory(flags, io).records()) {
    if (rows.length >= limit) break;
    if (accepts(record)) rows.push(buildRow(record));
  }
  io.stdout.write(flags.has('quiet') ? rows.map(({ID}) => `${String(ID)}\n`).join('') : print(rows));
  return exitCodes.ok;
};

export const removeBuilds: Act = async ({flags, operands, io}) => {
  const history = openHistory(flags, io);
  const ids = history.ids();
  if (flags.has('all') === operands.length > 0) {
    throw buildError('usage', 'cli-operands', 'history rm needs builds, or --all instead');
  }
  const chosen = flags.has('all') ? ids : operands.map((operand) => chosenId(ids, operand));
  for (const id of new Set(chosen)) {
    history.remove(id);
    io.stdout.write(`${id}\n`);
  }
  return exitCodes.ok;
};

const filters: Readonly<Record<string, (record: BuildRecord, value: string) => boolean>> = {
  status: ({status}, value) => status === value,
  name: (record, value) => nameOf(record).includes(value),
  context: ({context}, value) => context === value || context.startsWith(`${value}/`),
  tag: ({tags}, value) => tags.some((tag) => tag.includes(value)),
};

/** All filters hold; of several of one key one is enough, as docker has it. */
function filterOf(flags: FlagValues): (record: BuildRecord) => boolean {
  const wanted = new Map<string, string[]>();
  for (const text of flags.all('filter')) {
    const [key = '', value] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
    if (!text.includes('=') || !Object.hasOwn(filters, key)) {
      const known = Object.keys(filters).join(', ');
      throw buildError('usage', 'cli-bad-value', `--filter expects KEY=VALUE with ${known}, got "${text}"`);
    }
    wanted.set(key, [...(wanted.get(key) ?? []), value]);
  }
  return (record) =>
    [...wanted].every(([key, values]) => values.some((value) => filters[key]?.(record, value) === true));
}

function limitOf(flags: FlagValues): number {
  const text = flags.last('limit');
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d*$/.test(text)) {
    throw buildError('usage', 'cli-bad-value', `--limit expects a number of builds, got "${text}"`);
  }
  return Number(text);
}
