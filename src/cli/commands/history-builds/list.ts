// `tsbuild history ls` and `tsbuild history rm`.

import {buildError} from '../../../diagnostics/build-error.ts';
import {workTreeRoot} from '../../../sources/git/work-tree.ts';
import {systemClock} from '../../../util/clock.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {rowPrinter} from '../../format/print.ts';
import type {Act} from '../command.ts';
import {buildHeadings, buildRow} from './build-rows.ts';
import {chosenId, openHistory} from './chosen-build.ts';
import {isBelow, recordFilter} from './record-filter.ts';

const table = '{{.ID}}\t{{.Name}}\t{{.Status}}\t{{.CreatedAt}}\t{{.Duration}}\t{{.Cached}}/{{.Steps}}';

export const listBuilds: Act = async ({flags, operands, io}) => {
  if (operands.length > 0) throw buildError('usage', 'cli-operands', 'history ls takes no operands');
  const print = rowPrinter(flags.last('format'), {table, headings: {...buildHeadings, Steps: 'STEPS'}});
  const accepts = recordFilter(flags.all('filter'), systemClock.nowMs());
  const place = flags.has('local') ? await repositoryOf(io.cwd) : undefined;
  const limit = limitOf(flags);
  const rows = [];
  for (const record of openHistory(flags, io).records()) {
    if (rows.length >= limit) break;
    if (accepts(record) && (place === undefined || isBelow(record.context, place)))
      rows.push(buildRow(record));
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

async function repositoryOf(cwd: string): Promise<string> {
  const root = await workTreeRoot(cwd);
  if (root === undefined) throw buildError('user', 'history-local', `${cwd} is in no git repository`);
  return root;
}

function limitOf(flags: FlagValues): number {
  const text = flags.last('limit');
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d*$/.test(text)) {
    throw buildError('usage', 'cli-bad-value', `--limit expects a number of builds, got "${text}"`);
  }
  return Number(text);
}
