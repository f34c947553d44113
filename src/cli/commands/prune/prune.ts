// `tsbuild prune`: a policy from the flags, the question, the list of what went.

import {type DiskSpace, parseDiskSpace} from '../../../config/read-gc.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {parseFilters} from '../../../space/filter.ts';
import {bytesOf} from '../../../space/policies.ts';
import {type Choice, freedBytes, type Policy} from '../../../space/selection.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {sizeText} from '../../format/figures.ts';
import {rowPrinter} from '../../format/print.ts';
import type {CliIo} from '../../io.ts';
import {itemFormat, openSpace, rowOf, type SpaceAccess} from '../../space/access.ts';

const resultTable = '{{.ID}}\t{{.Reclaimable}}\t{{.Size}}\t{{.LastUsed}}';
const reasonTable = '{{.ID}}\t{{.Goes}}\t{{.Size}}\t{{.Type}}\t{{.Reason}}\t{{.Description}}';
const limits = ['max-used-space', 'reserved-space', 'keep-storage', 'min-free-space'] as const;

/** What is pruned at all, whatever the filters say. */
export interface PruneScope {
  readonly filters: readonly string[];
  /** For the question. */
  readonly what: string;
}

export async function runPrune(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
  signal: AbortSignal,
  only: PruneScope = {filters: [], what: flags.has('all') ? 'all build cache' : 'all dangling build cache'},
): Promise<ExitCode> {
  if (operands.length > 0) throw buildError('usage', 'cli-operands', 'prune takes no operands');
  const isDry = flags.has('dry-run');
  const table = isDry || flags.has('verbose') ? reasonTable : resultTable;
  const headings = {...itemFormat.headings, Goes: 'GOES'};
  const print = rowPrinter(flags.last('format'), {table, headings});
  const policyFor = readPolicy(flags, only.filters);
  if (!isDry && !flags.has('force') && !flags.has('automatic')) await confirm(only.what, io);
  await using access = await openSpace(flags, io);
  const choices = await choicesOf(access, flags, policyFor, signal);
  const shown = isDry ? choices : choices.filter(({goes}) => goes);
  const whole = flags.has('verbose') || flags.last('format') !== undefined;
  const rows = shown.map(({item, goes, reason}) => rowOf(item, whole, {Goes: goes, Reason: reason}));
  io.stdout.write(print(rows));
  if (flags.last('format') === undefined) {
    io.stdout.write(`${isDry ? 'Would be freed' : 'Total'}:\t${sizeText(freedBytes(choices))}\n`);
  }
  return exitCodes.ok;
}

async function choicesOf(
  {space, engine}: SpaceAccess,
  flags: FlagValues,
  policyFor: (diskBytes: number) => Policy,
  signal: AbortSignal,
): Promise<readonly Choice[]> {
  if (flags.has('automatic')) {
    const {gc} = engine.config;
    return flags.has('dry-run') ? space.planCollection(gc) : space.collect(gc, signal);
  }
  const policy = policyFor(space.diskBytes());
  if (flags.has('dry-run')) return space.plan(policy);
  const choices = await space.prune(policy, signal);
  if (flags.has('all')) space.compact();
  return choices;
}

/** Flags are read before anything is opened or asked; parts of the disk are known later. */
function readPolicy(flags: FlagValues, filters: readonly string[]): (diskBytes: number) => Policy {
  const spaces = new Map<string, DiskSpace>();
  for (const name of limits) {
    const text = flags.last(name);
    if (text === undefined) continue;
    const space = parseDiskSpace(text);
    if (space === undefined) {
      throw buildError(
        'usage',
        'cli-bad-value',
        `--${name} expects a size such as 10GB or 20%, got "${text}"`,
      );
    }
    spaces.set(name, space);
  }
  const filter = parseFilters([...filters, ...flags.all('filter')]);
  return (diskBytes) => ({
    all: flags.has('all'),
    filter,
    maxUsedBytes: bytesOf(spaces.get('max-used-space'), diskBytes),
    reservedBytes: bytesOf(spaces.get('reserved-space') ?? spaces.get('keep-storage'), diskBytes),
    minFreeBytes: bytesOf(spaces.get('min-free-space'), diskBytes),
  });
}

async function confirm(what: string, io: CliIo): Promise<void> {
  io.stderr.write(`WARNING! This will remove ${what}.\nAre you sure you want to continue? [y/N] `);
  let answer = '';
  for await (const piece of io.stdin) {
    answer += piece.toString();
    if (answer.includes('\n')) break;
  }
  if (/^y(?:es)?\s*$/i.test(answer.split('\n')[0] ?? '')) return;
  throw buildError('usage', 'prune-not-confirmed', 'nothing was removed', {
    hints: ['answer y, or use --force'],
  });
}
