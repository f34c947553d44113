// `tsbuild explain`: the misses of a build and their reasons, nothing else.

import type {ForecastStep} from '../../../build/explain/forecast.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import type {MissReason} from '../../../progress/events.ts';
import {reasonText} from '../../../progress/miss-text.ts';
import {exitCodes} from '../../exit-codes.ts';
import {chosenFormat} from '../../format/flag.ts';
import type {Act, CommandCall} from '../command.ts';
import {isOfGraph} from '../history-builds/build-rows.ts';
import {chosenBuild, openHistory} from '../history-builds/chosen-build.ts';
import {askedForecast} from '../plan/asked-forecast.ts';
import {reasonOf} from '../plan/plan-text.ts';

interface Explained {
  readonly name: string;
  readonly line?: number;
  readonly state: 'miss' | 'unknown';
  readonly code?: MissReason['code'];
  readonly reason: string;
}

export const explainBuild: Act = async (call) => {
  const {flags, operands, io} = call;
  const format = chosenFormat(flags, ['text', 'json']);
  if (flags.has('last') && operands.length > 0) {
    throw buildError('usage', 'cli-operands', 'explain --last takes no PATH');
  }
  const {misses, hits} = flags.has('last') ? lastBuild(call) : await coming(call);
  const text = format === 'json' ? `${JSON.stringify({hits, misses}, null, 2)}\n` : explainText(misses, hits);
  io.stdout.write(text);
  return exitCodes.ok;
};

interface Answer {
  readonly misses: readonly Explained[];
  readonly hits: number;
}

function lastBuild({flags, io}: CommandCall): Answer {
  const {steps} = chosenBuild(openHistory(flags, io), undefined);
  const misses = steps.flatMap(({name, line, miss, unchanged}): Explained[] =>
    miss === undefined ? [] : [explained(name, line, {...miss, text: reasonText(miss, unchanged)})],
  );
  return {misses, hits: steps.filter((step) => isOfGraph(step) && step.outcome === 'cached').length};
}

async function coming(call: CommandCall): Promise<Answer> {
  const {steps} = await askedForecast(call);
  const misses = steps.flatMap((step): Explained[] => {
    const {name, line, miss, state} = step;
    if (miss !== undefined) return [explained(name, line, miss)];
    const reason = reasonOf(step, steps, (index) => placeOf(steps[index]));
    if (state !== 'unknown' || reason === undefined) return [];
    return [{name, ...(line === undefined ? {} : {line}), state, reason}];
  });
  return {misses, hits: steps.filter(({state}) => state === 'hit').length};
}

/** Here steps have no numbers. */
function placeOf(step: ForecastStep | undefined): string {
  return step?.line === undefined ? (step?.name ?? 'another step') : `the step at line ${step.line}`;
}

function explained(name: string, line: number | undefined, {code, text}: MissReason): Explained {
  return {name, ...(line === undefined ? {} : {line}), state: 'miss', code, reason: text};
}

function explainText(misses: readonly Explained[], hits: number): string {
  if (misses.length === 0) return 'every step is in the cache\n';
  const lines = misses.map(({name, line, reason}) => {
    const place = line === undefined ? '' : ` (line ${line})`;
    return `${name}${place}\n    ${reason}\n`;
  });
  return `${lines.join('')}${hits} found, ${misses.length} not\n`;
}
