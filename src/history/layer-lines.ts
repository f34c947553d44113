// Which line of a Dockerfile made an entry of an image's history: the build that made the image was recorded with the
// lines of its steps, and the steps that files came of stand on one another as their entries do.

import type {HistoryEntry} from '../oci/image-config.ts';
import type {BuildRecord, RecordedStep} from './build-record.ts';

/** What a step makes files with; everything else in a history is of the config alone. */
const ofFiles: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

/**
 * `Dockerfile:12` for each entry, where the record tells; of entries of the base image the line of its FROM. Undefined
 * for all of them where steps and entries are not each other's, as of a build for several platforms.
 */
export function linesOfHistory(
  history: readonly HistoryEntry[],
  {steps, dockerfile}: Pick<BuildRecord, 'steps' | 'dockerfile'>,
): readonly (string | undefined)[] {
  const unknown = history.map(() => undefined);
  const told = (step: RecordedStep): string => `${dockerfile}:${step.line}`;
  let step = lastStep(steps);
  if (step === undefined) return unknown;
  const lines: (string | undefined)[] = [];
  for (const entry of history.toReversed()) {
    const instruction = firstWord(entry.created_by ?? '');
    if (step === undefined) return unknown;
    const made = instructionOf(step);
    if (made === 'FROM') lines.push(told(step));
    else if (!ofFiles.has(instruction)) lines.push(undefined);
    else if (instruction !== made) return unknown;
    else {
      lines.push(told(step));
      step = below(step, steps) ?? nothing;
    }
  }
  return lines.reverse();
}

/** Below the first instruction of an image that is made from scratch. */
const nothing: RecordedStep = {
  name: '',
  inputs: [],
  outcome: 'done',
  startedMs: 0,
  finishedMs: 0,
  logBytes: 0,
};

/** The one on which no other stands; undefined where there are several. */
function lastStep(steps: readonly RecordedStep[]): RecordedStep | undefined {
  const used = new Set(steps.flatMap(({inputs}) => inputs));
  const [last, ...others] = steps.filter((step, at) => step.line !== undefined && !used.has(at));
  return others.length === 0 ? last : undefined;
}

/** What a step changes is the first of what it stands on. */
function below({inputs: [first]}: RecordedStep, steps: readonly RecordedStep[]): RecordedStep | undefined {
  return first === undefined ? undefined : steps[first];
}

/** Of `[stage 2/3] LINK COPY --link a b`: COPY. */
function instructionOf({name}: RecordedStep): string {
  return firstWord(name.replace(/^\[[^\]]*\] /, '').replace(/^(?:LINK|ONBUILD) /, ''));
}

function firstWord(text: string): string {
  return text.split(' ', 1)[0]?.toUpperCase() ?? '';
}
