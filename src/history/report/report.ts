// A build as one HTML file that needs nothing else: no script, no font, no address. Whatever comes from a Dockerfile
// or a process is text in it, never markup.

import {bytesText, secondsText} from '../../progress/figures.ts';
import {reasonText} from '../../progress/miss-text.ts';
import {type BuildRecord, durationMs, type RecordedStep} from '../build-record.ts';
import {type CriticalPath, criticalPathOf} from '../critical-path.ts';
import {graphSvg} from './graph-svg.ts';
import {escaped} from './markup.ts';
import {style} from './style.ts';

export function reportHtml(record: BuildRecord): string {
  const path = criticalPathOf(
    record.steps.map((step) => ({inputs: step.inputs, durationMs: durationMs(step)})),
  );
  const title = escaped(`Build ${record.id}`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
${factsHtml(record)}
<h2 id="timeline">Timeline</h2>
${timelineHtml(record, path)}
<h2 id="critical-path">Critical path</h2>
${criticalHtml(record, path)}
<h2 id="misses">Cache misses</h2>
${missesHtml(record)}
<h2 id="graph">Graph</h2>
<div class="graph">${graphSvg(record.steps, path)}</div>
<h2 id="steps">Steps</h2>
${stepsHtml(record)}
${warningsHtml(record)}
</body>
</html>
`;
}

function factsHtml(record: BuildRecord): string {
  const {status, error, context, dockerfile, target, tags, platforms, imageDigest, startedMs} = record;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Status', error === undefined ? status : `${status}: ${error}`],
    ['Context', context],
    ['Dockerfile', dockerfile],
    ['Target', target],
    ['Tags', tags.join(', ')],
    ['Platforms', platforms.join(', ')],
    ['Started', new Date(startedMs).toISOString()],
    ['Duration', secondsText(durationMs(record))],
    ['Image', imageDigest],
  ];
  const rows = facts.flatMap(([name, value]) =>
    value ? [`<tr><th>${name}</th><td>${escaped(value)}</td></tr>`] : [],
  );
  return `<table class="facts">${rows.join('\n')}</table>`;
}

/** Bars of the steps that took time; what was found in the cache has none. */
function timelineHtml(record: BuildRecord, path: CriticalPath): string {
  const total = Math.max(1, durationMs(record));
  const rows = record.steps.map((step, index) => {
    const left = (100 * Math.max(0, step.startedMs - record.startedMs)) / total;
    const width = (100 * durationMs(step)) / total;
    const kind = `${step.outcome}${path.steps.includes(index) ? ' critical' : ''}`;
    const bar = `<span class="bar ${kind}" style="left:${percent(left)};width:${percent(width)}"></span>`;
    const name = nameHtml(step, index);
    // The list cuts long names.
    return `<li><span class="name" title="${name}">${name}</span><span class="lane">${bar}</span><span class="time">${timeOf(step)}</span></li>`;
  });
  return `<ol class="timeline">${rows.join('\n')}</ol>`;
}

function percent(value: number): string {
  return `${Math.min(100, value).toFixed(2)}%`;
}

function timeOf(step: RecordedStep): string {
  return step.outcome === 'cached' ? 'cached' : secondsText(durationMs(step));
}

function nameHtml({name}: RecordedStep, index: number): string {
  return escaped(`#${index + 1} ${name}`);
}

function criticalHtml({steps}: BuildRecord, path: CriticalPath): string {
  if (path.steps.length === 0) return '<p>No step took time.</p>';
  const items = path.steps.flatMap((index) => {
    const step = steps[index];
    return step === undefined ? [] : [`<li>${nameHtml(step, index)} <b>${timeOf(step)}</b></li>`];
  });
  return `<p>${secondsText(path.durationMs)}; nothing else would have made the build quicker.</p><ul>${items.join('\n')}</ul>`;
}

function missesHtml({steps}: BuildRecord): string {
  const rows = steps.flatMap((step, index) =>
    step.miss === undefined
      ? []
      : [
          `<tr><td>${nameHtml(step, index)}</td><td>${step.line ?? ''}</td><td>${escaped(reasonText(step.miss, step.unchanged))}</td></tr>`,
        ],
  );
  if (rows.length === 0) return '<p>Every step was found in the cache.</p>';
  return `<table><tr><th>Step</th><th>Line</th><th>Why it was not cached</th></tr>${rows.join('\n')}</table>`;
}

function stepsHtml({steps}: BuildRecord): string {
  const rows = steps.map((step, index) => {
    const {usage, outcome, error = '', logBytes} = step;
    const cpu = usage === undefined ? '' : secondsText(usage.cpuMs);
    const {memoryBytes, readBytes, writtenBytes} = usage ?? {};
    const sizes = [memoryBytes, readBytes, writtenBytes].map((size) => (size ? bytesText(size) : ''));
    const cells = [outcome, timeOf(step), cpu, ...sizes, logBytes === 0 ? '' : bytesText(logBytes), error];
    return `<tr><td>${nameHtml(step, index)}</td>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  });
  const heads = ['Step', 'Outcome', 'Time', 'CPU', 'Memory', 'Read', 'Written', 'Log', 'Error'];
  return `<table><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>${rows.join('\n')}</table>`;
}

function warningsHtml({warnings}: BuildRecord): string {
  if (warnings.length === 0) return '';
  const items = warnings.map(({code, message, line}) => {
    const place = line === undefined ? '' : ` (line ${line})`;
    return `<li>${escaped(`${code}: ${message}${place}`)}</li>`;
  });
  return `<h2 id="warnings">Warnings</h2><ul>${items.join('\n')}</ul>`;
}
