// A forecast as people and drawing programs read it.

import type {Forecast, ForecastState, ForecastStep} from '../../../build/explain/forecast.ts';
import {secondsText} from '../../../progress/figures.ts';

const words: Readonly<Record<ForecastState, string>> = {
  hit: 'hit',
  miss: 'miss',
  unknown: 'unknown',
  pull: 'pull',
};
const colors: Readonly<Record<ForecastState, string>> = {
  hit: '#7a9a7a',
  miss: '#d0342c',
  unknown: '#d9822b',
  pull: '#4a90d9',
};

export function planText({steps, criticalPath}: Forecast): string {
  const lines = steps.flatMap((step, index) => {
    const time = step.expectedMs === undefined ? '' : `  ~${secondsText(step.expectedMs)}`;
    const line = `${`#${index + 1}`.padStart(4)} ${words[step.state].padEnd(8)} ${step.name}${time}\n`;
    const reason = reasonOf(step, steps);
    return reason === undefined ? [line] : [line, `              ${reason}\n`];
  });
  return [...lines, ...sumsOf(steps, criticalPath).map((line) => `${line}\n`)].join('');
}

function sumsOf(steps: readonly ForecastStep[], criticalPath: Forecast['criticalPath']): readonly string[] {
  const counts = (['hit', 'miss', 'unknown', 'pull'] as const).flatMap((state) => {
    const count = steps.filter((step) => step.state === state).length;
    return count === 0 ? [] : [`${count} ${words[state]}`];
  });
  const path = criticalPath.steps.map((index) => `#${index + 1}`).join(' → ');
  const time = path === '' ? [] : [`critical path: ${path}, about ${secondsText(criticalPath.durationMs)}`];
  const times = [...time, ...untimedOf(steps)].join('; ');
  return [counts.join(', ') || 'nothing to do', ...(times === '' ? [] : [times])];
}

/** What would take time, and never did here: it counts as nothing, which the reader must know. */
function untimedOf(steps: readonly ForecastStep[]): readonly string[] {
  const untimed = steps.flatMap(({state, expectedMs}, index) =>
    state === 'hit' || expectedMs !== undefined ? [] : [`#${index + 1}`],
  );
  if (untimed.length === 0) return [];
  const more = untimed.length > 3 ? [`${untimed.length - 3} more`] : [];
  return [`of ${[...untimed.slice(0, 3), ...more].join(', ')} no times are known`];
}

/** Lines of a box: the name, and how long it would take. */
function labelOf({name, expectedMs}: ForecastStep): readonly string[] {
  const title = name.replaceAll(/\s+/g, ' ');
  return expectedMs === undefined ? [title] : [title, `~${secondsText(expectedMs)}`];
}

/** Why a step would run, or why it is not known. */
export function reasonOf(
  step: ForecastStep,
  steps: readonly ForecastStep[],
  nameOf = (index: number): string => `#${index + 1}`,
): string | undefined {
  if (step.miss !== undefined) return step.miss.text;
  if (step.state !== 'unknown') return undefined;
  const open = step.inputs.find((index) => ['miss', 'unknown'].includes(steps[index]?.state ?? 'hit'));
  return open === undefined ? undefined : `depends on what ${nameOf(open)} gives`;
}

export function dotText({steps, criticalPath}: Forecast): string {
  const nodes = steps.map((step, index) => {
    const width = criticalPath.steps.includes(index) ? ' penwidth=3' : '';
    const label = JSON.stringify(labelOf(step).join('\n'));
    return `  s${index + 1} [label=${label} color="${colors[step.state]}"${width}];\n`;
  });
  const edges = steps.flatMap(({inputs}, index) =>
    inputs.map((input) => `  s${input + 1} -> s${index + 1};\n`),
  );
  const title = `  label=${JSON.stringify(sumsOf(steps, criticalPath).join('\n'))};\n`;
  return `digraph build {\n  rankdir=LR;\n  node [shape=box];\n${title}${nodes.join('')}${edges.join('')}}\n`;
}

export function mermaidText({steps, criticalPath}: Forecast): string {
  const nodes = steps.map((step, index) => {
    // Mermaid has entities of its own, with a # and no &.
    const lines = labelOf(step).map((line) =>
      line.replaceAll(/["#<>&]/g, (character) => `#${character.charCodeAt(0)};`),
    );
    return `  s${index + 1}["${lines.join('<br/>')}"]:::${step.state}\n`;
  });
  const edges = steps.flatMap(({inputs}, index) =>
    inputs.map((input) => `  s${input + 1} --> s${index + 1}\n`),
  );
  const classes = Object.entries(colors).map(([state, color]) => `  classDef ${state} stroke:${color}\n`);
  const path = criticalPath.steps.map((index) => `s${index + 1}`);
  if (path.length > 0)
    classes.push('  classDef critical stroke-width:4px\n', `  class ${path.join(',')} critical\n`);
  return `flowchart LR\n${nodes.join('')}${edges.join('')}${classes.join('')}`;
}
