// `tsbuild history compare A B`: what of two builds is not alike. Steps are the same when their names are, but for
// their numbers.

import {buildError} from '../../../diagnostics/build-error.ts';
import {type BuildRecord, durationMs, type RecordedStep} from '../../../history/build-record.ts';
import {secondsText} from '../../../progress/figures.ts';
import {reasonText} from '../../../progress/miss-text.ts';
import {exitCodes} from '../../exit-codes.ts';
import {chosenFormat} from '../../format/flag.ts';
import type {Act} from '../command.ts';
import {outcomeText} from './build-rows.ts';
import {chosenBuild, openHistory} from './chosen-build.ts';

interface StepComparison {
  readonly name: string;
  readonly before?: RecordedStep;
  readonly after?: RecordedStep;
}

export const compareBuilds: Act = async ({flags, operands, io}) => {
  const [first = '^1', second = '^0', surplus] = operands;
  const format = chosenFormat(flags, ['text', 'json']);
  if (surplus !== undefined) throw buildError('usage', 'cli-operands', 'history compare takes two BUILDs');
  const history = openHistory(flags, io);
  const [before, after] = [chosenBuild(history, first), chosenBuild(history, second)];
  if (format === 'json') {
    const steps = compareSteps(before, after);
    const ids = {before: before.id, after: after.id};
    io.stdout.write(`${JSON.stringify({...ids, facts: compareFacts(before, after), steps}, null, 2)}\n`);
  } else {
    io.stdout.write(comparisonText(before, after));
  }
  return exitCodes.ok;
};

/** In the order of the later build; what it has no more comes last. */
function compareSteps(before: BuildRecord, after: BuildRecord): StepComparison[] {
  const old = new Map<string, RecordedStep[]>();
  for (const step of before.steps) old.set(titleOf(step), [...(old.get(titleOf(step)) ?? []), step]);
  const pairs = after.steps.map((step): StepComparison => {
    const match = old.get(titleOf(step))?.shift();
    return {name: titleOf(step), ...(match === undefined ? {} : {before: match}), after: step};
  });
  const gone = [...old.values()].flat().map((step) => ({name: titleOf(step), before: step}));
  return [...pairs, ...gone];
}

/** A stage's length is no part of a step's identity, nor is its place. */
function titleOf({name}: RecordedStep): string {
  return name.replace(/ ?\d+\/\d+\] /, '] ');
}

function compareFacts(before: BuildRecord, after: BuildRecord): Record<string, readonly [string, string]> {
  const names = [
    'context',
    'dockerfile',
    'target',
    'tags',
    'platforms',
    'buildArgs',
    'status',
    'imageDigest',
  ] as const;
  const pairs = names.map((name) => [name, String(before[name] ?? ''), String(after[name] ?? '')] as const);
  return Object.fromEntries(pairs.flatMap(([name, was, is]) => (was === is ? [] : [[name, [was, is]]])));
}

export function comparisonText(before: BuildRecord, after: BuildRecord): string {
  const facts = Object.entries(compareFacts(before, after)).map(
    ([name, [was, is]]) => `${name}: ${was || 'none'} → ${is || 'none'}\n`,
  );
  const lines = compareSteps(before, after).flatMap(({name, before: old, after: now}) => {
    if (old === undefined) return [`+ ${name}  ${stateText(now)}\n`, ...missLine(now)];
    if (now === undefined) return [`- ${name}  ${stateText(old)}\n`];
    if (old.key === now.key && old.outcome === now.outcome) return [];
    return [`~ ${name}  ${stateText(old)} → ${stateText(now)}\n`, ...missLine(now)];
  });
  const time = `${secondsText(durationMs(before))} → ${secondsText(durationMs(after))}`;
  const steps = lines.length === 0 ? ['every step is the same and ended the same\n'] : lines;
  return [`${before.id} → ${after.id}  ${time}\n`, ...facts, ...steps].join('');
}

function missLine(step: RecordedStep | undefined): string[] {
  return step?.miss === undefined ? [] : [`    not cached: ${reasonText(step.miss, step.unchanged)}\n`];
}

function stateText(step: RecordedStep | undefined): string {
  if (step === undefined) return '';
  return step.outcome === 'cached' ? 'cached' : `${outcomeText(step)} ${secondsText(durationMs(step))}`;
}
