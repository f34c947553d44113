// Builds as --format sees them, and durations as all commands of the history print them.

import {type BuildRecord, durationMs, type RecordedStep} from '../../../history/build-record.ts';
import {secondsText} from '../../../progress/figures.ts';
import type {FormatObject} from '../../format/value.ts';

export const buildHeadings = {
  ID: 'BUILD ID',
  Ref: 'BUILD ID',
  Name: 'NAME',
  Status: 'STATUS',
  CreatedAt: 'CREATED AT',
  Duration: 'DURATION',
  Steps: 'STEPS',
  Cached: 'CACHED',
  Context: 'CONTEXT',
  Tags: 'TAGS',
  Error: 'ERROR',
};

export function buildRow(record: BuildRecord): FormatObject {
  const {id, status, startedMs, context, tags, error = '', steps} = record;
  const graph = steps.filter(isOfGraph);
  return {
    ID: id,
    Ref: id,
    Name: nameOf(record),
    Status: status === 'error' ? 'Error' : status === 'canceled' ? 'Canceled' : 'Completed',
    CreatedAt: timeText(startedMs),
    Duration: secondsText(durationMs(record)),
    Steps: graph.length,
    Cached: graph.filter(({outcome}) => outcome === 'cached').length,
    Context: context,
    Tags: tags,
    Error: error,
  };
}

/** What `history inspect` knows, under the names that buildx gives it. */
export function inspectRow(record: BuildRecord): FormatObject {
  const {startedMs, finishedMs, dockerfile, target = '', platforms, steps} = record;
  const row = buildRow(record);
  const completed = steps.filter((step) => isOfGraph(step) && ['done', 'cached'].includes(step.outcome));
  return {
    ...row,
    Dockerfile: dockerfile,
    Target: target,
    Platform: platforms,
    StartedAt: timeText(startedMs),
    CompletedAt: timeText(finishedMs),
    NumTotalSteps: row['Steps'] ?? 0,
    NumCachedSteps: row['Cached'] ?? 0,
    NumCompletedSteps: completed.length,
  };
}

/** `app (release)`: the last name of the context, and the target. */
export function nameOf({context, target}: Pick<BuildRecord, 'context' | 'target'>): string {
  const name = context.replace(/\/+$/, '').split('/').at(-1) || context;
  return target === undefined ? name : `${name} (${target})`;
}

/** Not work around the graph: reading the Dockerfile, exporting. */
export function isOfGraph({stage, line}: RecordedStep): boolean {
  return stage !== undefined || line !== undefined;
}

export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function outcomeText({outcome}: RecordedStep): string {
  return outcome === 'done' ? 'ran' : outcome;
}
