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
  const counts = (['hit', 'miss', 'unknown', 'pull'] as const).flatMap((state) => {
    const count = steps.filter((step) => step.state === state).length;
    return count === 0 ? [] : [`${count} ${words[state]}`];
  });
  const path = criticalPath.steps.map((index) => `#${index + 1}`).join(' → ');
  const time = path === '' ? [] : [`critical path: ${path}, about ${secondsText(criticalPath.durationMs)}\n`];
  return [...lines, `${counts.join(', ') || 'nothing to do'}\n`, ...time].join('');
}

/** Why a step would run, or why it is not known. */
export function reasonOf(step: ForecastStep, steps: readonly ForecastStep[]): string | undefined {
  if (step.miss !== undefined) return step.miss.text;
  if (step.state !== 'unknown') return undefined;
  const open = step.inputs.find((index) => ['miss', 'unknown'].includes(steps[index]?.state ?? 'hit'));
  return open === undefined ? undefined : `depends on what #${open + 1} gives`;
}

export function dotText({steps, criticalPath}: Forecast): string {
  const nodes = steps.map(({name, state}, index) => {
    const width = criticalPath.steps.includes(index) ? ' penwidth=3' : '';
    return `  s${index + 1} [label=${JSON.stringify(name)} color="${colors[state]}"${width}];\n`;
  });
  const edges = steps.flatMap(({inputs}, index) =>
    inputs.map((input) => `  s${input + 1} -> s${index + 1};\n`),
  );
  return `digraph build {\n  rankdir=LR;\n  node [shape=box];\n${nodes.join('')}${edges.join('')}}\n`;
}

export function mermaidText({steps}: Forecast): string {
  const nodes = steps.map(({name, state}, index) => {
    // Mermaid has entities of its own, with a # and no &.
    const label = name.replaceAll(/["#<>&]/g, (character) => `#${character.charCodeAt(0)};`);
    return `  s${index + 1}["${label.replaceAll(/\s+/g, ' ')}"]:::${state}\n`;
  });
  const edges = steps.flatMap(({inputs}, index) =>
    inputs.map((input) => `  s${input + 1} --> s${index + 1}\n`),
  );
  const classes = Object.entries(colors).map(([state, color]) => `  classDef ${state} stroke:${color}\n`);
  return `flowchart LR\n${nodes.join('')}${edges.join('')}${classes.join('')}`;
}
