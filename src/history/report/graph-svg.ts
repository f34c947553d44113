// The graph of a build drawn in columns: each step to the right of everything that it stands on.

import type {RecordedStep} from '../build-record.ts';
import type {CriticalPath} from '../critical-path.ts';
import {escaped} from './markup.ts';

const boxWidth = 250;
const boxHeight = 26;
const columnGap = 50;
const rowGap = 12;
/** What fits into a box, in letters of middling width. */
const labelLengthMax = 36;

interface Place {
  readonly x: number;
  readonly y: number;
}

export function graphSvg(steps: readonly RecordedStep[], path: CriticalPath): string {
  const shown = steps.map((_, index) => index).filter((index) => isInGraph(steps, index));
  const places = placesOf(steps, shown);
  const width = Math.max(0, ...[...places.values()].map(({x}) => x)) + boxWidth + 2;
  const height = Math.max(0, ...[...places.values()].map(({y}) => y)) + boxHeight + 2;
  const edges = shown.flatMap((index) =>
    (steps[index]?.inputs ?? []).map((input) => edge(places.get(input), places.get(index))),
  );
  const boxes = shown.map((index) => box(steps[index], index, places.get(index), path.steps.includes(index)));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img">${edges.join('')}${boxes.join('')}</svg>`;
}

/** Work around the graph stands on nothing, and nothing on it. */
function isInGraph(steps: readonly RecordedStep[], index: number): boolean {
  return steps[index]?.stage !== undefined || steps.some(({inputs}) => inputs.includes(index));
}

function placesOf(steps: readonly RecordedStep[], shown: readonly number[]): Map<number, Place> {
  const columns = new Map<number, number>();
  const columnOf = (index: number): number => {
    const known = columns.get(index);
    if (known !== undefined) return known;
    columns.set(index, 0);
    const column = Math.max(-1, ...(steps[index]?.inputs ?? []).map(columnOf)) + 1;
    columns.set(index, column);
    return column;
  };
  const rows = new Map<number, number>();
  const places = new Map<number, Place>();
  for (const index of shown) {
    const column = columnOf(index);
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    places.set(index, {x: 1 + column * (boxWidth + columnGap), y: 1 + row * (boxHeight + rowGap)});
  }
  return places;
}

function edge(from: Place | undefined, to: Place | undefined): string {
  if (from === undefined || to === undefined) return '';
  const [x1, y1] = [from.x + boxWidth, from.y + boxHeight / 2];
  const [x2, y2] = [to.x, to.y + boxHeight / 2];
  const middle = (x1 + x2) / 2;
  return `<path d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}"/>`;
}

function box(
  step: RecordedStep | undefined,
  index: number,
  place: Place | undefined,
  critical: boolean,
): string {
  if (step === undefined || place === undefined) return '';
  const title = `#${index + 1} ${step.name.replace(/^\[[^\]]*\] /, '')}`;
  const label = title.length > labelLengthMax ? `${title.slice(0, labelLengthMax - 1)}…` : title;
  const kind = critical ? 'critical' : step.outcome;
  const {x, y} = place;
  return `<g class="${kind}"><title>${escaped(step.name)}</title><rect x="${x}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="4"/><text x="${x + 6}" y="${y + 17}">${escaped(label)}</text></g>`;
}
