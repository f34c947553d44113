// Which line of a Dockerfile made an entry of an image's history: the build that made the image was recorded with the
// lines of its steps, and the steps that files came of stand on one another as their entries do.

import type {HistoryEntry} from '../oci/image-config.ts';
import type {BuildRecord, RecordedStep} from './build-record.ts';

/** What a step makes files with; everything else in a history is of the config alone. */
const ofFiles: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

/**
 * `Dockerfile:12` for each entry, where the record tells; of entries of the base image the line of its FROM. A build
 * for several platforms has ends of its own for each, and shares what is no platform's: of `platform` as it is written,
 * else of any that made the same. Undefined for all of them where steps and entries are not each other's.
 */
export function linesOfHistory(
  history: readonly HistoryEntry[],
  {steps, dockerfile}: Pick<BuildRecord, 'steps' | 'dockerfile'>,
  platform?: string,
): readonly (string | undefined)[] {
  const told = ({line}: RecordedStep): string => `${dockerfile}:${line}`;
  const ends = lastSteps(steps);
  const own = ends.filter(({name}) => platform !== undefined && name.startsWith(`[${platform} `));
  for (const some of [own, ends]) {
    const found = some.flatMap((end) => linesBelow(history, steps, end, told) ?? []);
    if (found.length === 0) continue;
    const one = found.slice(0, history.length);
    // Ends that made the same on different lines leave it open.
    if (found.every((line, at) => line === one[at % history.length])) return one;
  }
  return history.map(() => undefined);
}

function linesBelow(
  history: readonly HistoryEntry[],
  steps: readonly RecordedStep[],
  end: RecordedStep,
  told: (step: RecordedStep) => string,
): readonly (string | undefined)[] | undefined {
  let step = end;
  const lines: (string | undefined)[] = [];
  for (const entry of history.toReversed()) {
    const instruction = firstWord(entry.created_by ?? '');
    const made = instructionOf(step);
    if (made === 'FROM') lines.push(told(step));
    else if (!ofFiles.has(instruction)) lines.push(undefined);
    else if (instruction !== made) return undefined;
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

/** Those on which no other stands. */
function lastSteps(steps: readonly RecordedStep[]): readonly RecordedStep[] {
  const used = new Set(steps.flatMap(({inputs}) => inputs));
  return steps.filter((step, at) => step.line !== undefined && !used.has(at));
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
