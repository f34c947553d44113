// `tsbuild history inspect`: one build, step by step, with the reason for each that was not found in the cache; and
// `history logs`: what its steps wrote.

import {buildError} from '../../../diagnostics/build-error.ts';
import {type BuildRecord, durationMs, type RecordedStep} from '../../../history/build-record.ts';
import {criticalPathOf} from '../../../history/critical-path.ts';
import {secondsText, usageText} from '../../../progress/figures.ts';
import {reasonText} from '../../../progress/miss-text.ts';
import {exitCodes} from '../../exit-codes.ts';
import {objectPrinter} from '../../format/print.ts';
import type {FormatValue} from '../../format/value.ts';
import type {Act} from '../command.ts';
import {inspectRow, nameOf, outcomeText, timeText} from './build-rows.ts';
import {chosenBuild, openHistory} from './chosen-build.ts';

export const inspectBuild: Act = async ({flags, operands, io}) => {
  const [operand, surplus] = operands;
  if (operand === 'attachment') throw noAttachments();
  if (surplus !== undefined) throw buildError('usage', 'cli-operands', 'history inspect takes one BUILD');
  const format = flags.last('format');
  const record = chosenBuild(openHistory(flags, io), operand);
  if (format === undefined) io.stdout.write(inspectText(record));
  else if (format === 'json') io.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
  else {
    const whole = {...inspectRow(record), Record: record as unknown as FormatValue};
    io.stdout.write(objectPrinter(format)([whole]));
  }
  return exitCodes.ok;
};

/** `history inspect attachment` of buildx. */
function noAttachments(): Error {
  const message = 'the history keeps no attachments: what is attested of an image is attached to the image';
  return buildError('usage', 'history-attachment', message, {
    hints: ['tsbuild verify IMAGE shows it, and --metadata-file of a build has its provenance'],
  });
}

export function inspectText(record: BuildRecord): string {
  const {id, context, dockerfile, target, tags, platforms, status, error, imageDigest, warnings} = record;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Build', id],
    ['Name', nameOf(record)],
    ['Context', context],
    ['Dockerfile', dockerfile],
    ['Target', target],
    ['Platforms', platforms.join(', ')],
    ['Tags', tags.join(', ')],
    ['Build args', record.buildArgs.join(', ')],
    ['Started', timeText(record.startedMs)],
    ['Duration', secondsText(durationMs(record))],
    ['Status', status],
    ['Error', error],
    ['Image', imageDigest],
    ['Repeats', record.repeats],
  ];
  const head = facts.flatMap(([name, value]) => (value ? [`${`${name}:`.padEnd(12)}${value}\n`] : []));
  const said = warnings.map(
    ({code, message, line}) => ` - ${code}: ${message}${line === undefined ? '' : ` (line ${line})`}\n`,
  );
  return [
    ...head,
    '\nSteps:\n',
    ...record.steps.map((step, index) => stepText(step, index)),
    ...criticalText(record),
    ...(said.length === 0 ? [] : ['\nWarnings:\n', ...said]),
  ].join('');
}

function stepText(step: RecordedStep, index: number): string {
  const took = durationMs(step);
  const time = step.outcome === 'cached' ? '' : `${secondsText(took)}${usageText(step.usage, took)}`;
  const line =
    `${`#${index + 1}`.padStart(4)} ${outcomeText(step).padEnd(8)} ${step.name}  ${time}`.trimEnd();
  const miss =
    step.miss === undefined ? '' : `              not cached: ${reasonText(step.miss, step.unchanged)}\n`;
  const error = step.error === undefined ? '' : `              ${step.error}\n`;
  return `${line}\n${miss}${error}`;
}

function criticalText({steps}: BuildRecord): string[] {
  const path = criticalPathOf(steps.map((step) => ({inputs: step.inputs, durationMs: durationMs(step)})));
  if (path.steps.length < 2) return [];
  const names = path.steps.map((index) => `#${index + 1}`).join(' → ');
  return [`\nCritical path: ${names}, ${secondsText(path.durationMs)}\n`];
}

/** Operands: nothing, a build, a step's number, or both. */
export const showLogs: Act = async ({flags, operands, io}) => {
  const history = openHistory(flags, io);
  if (operands.length > 2) throw buildError('usage', 'cli-operands', 'history logs takes [BUILD] [STEP]');
  const last = operands.at(-1);
  const number = last !== undefined && /^#?\d{1,4}$/.test(last) ? Number(last.replace('#', '')) : undefined;
  const [build] = number === undefined ? operands : operands.slice(0, -1);
  const record = chosenBuild(history, build);
  if (number === undefined) {
    for (const [index, step] of record.steps.entries()) {
      if (step.logBytes === 0) continue;
      io.stdout.write(`#${index + 1} ${step.name}\n`);
      io.stdout.write(endedLine(history.log(record.id, index)));
      io.stdout.write('\n');
    }
    return exitCodes.ok;
  }
  if (record.steps[number - 1] === undefined) {
    const count = record.steps.length;
    throw buildError('user', 'history-step', `build ${record.id} has steps 1 to ${count}, not ${number}`);
  }
  io.stdout.write(history.log(record.id, number - 1));
  return exitCodes.ok;
};

function endedLine(log: Buffer): Buffer {
  return log.length === 0 || log.at(-1) === 0x0a ? log : Buffer.concat([log, Buffer.from('\n')]);
}
