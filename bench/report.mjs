// Results as people read them: minimum, median and maximum of each measure, and each engine as a ratio to tsbuild.

import {execFileSync} from 'node:child_process';
import {cpus, release, totalmem} from 'node:os';

export function machine() {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim(),
  };
}

/** `{measure: {engine: {min, median, max, runs}}}` in milliseconds, or in what the measure names. */
export function summaryOf(results) {
  return mapValues(results, (engines) =>
    mapValues(engines, (runs) => {
      const sorted = [...runs].sort((a, b) => a - b);
      const middle = Math.floor(sorted.length / 2);
      const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
      return {min: sorted[0], median: Math.round(median * 10) / 10, max: sorted.at(-1), runs};
    }),
  );
}

/** The measures of `step-overhead`, and what one step costs by them: a build's time less that of one without, by round. */
export function withStepCost(results) {
  const measures = Object.entries(results).flatMap(([measure, engines]) => {
    const count = /^step-overhead: (\d+) /.exec(measure)?.[1];
    return count === undefined ? [] : [{count: Number(count), engines}];
  });
  const idle = measures.find(({count}) => count === 0);
  const full = measures.find(({count}) => count > 0);
  if (idle === undefined || full === undefined) return results;
  const cost = mapValues(full.engines, (runs, engine) =>
    runs.map((ms, round) => Math.round(((ms - idle.engines[engine][round]) / full.count) * 100) / 100),
  );
  return {...results, 'step-overhead: one step': cost};
}

export function printTable(summary, versions) {
  const engines = Object.keys(versions);
  const lines = [`| measure | ${engines.join(' | ')} |`, `|---|${engines.map(() => '---').join('|')}|`];
  for (const [measure, found] of Object.entries(summary)) {
    const own = found.tsbuild?.median;
    const cells = engines.map((engine) => {
      const cell = found[engine];
      if (cell === undefined) return '';
      const show = / in (MiB|MB\/s)$/.test(measure) ? Math.round : seconds;
      const range = `${show(cell.median)} (${show(cell.min)}–${show(cell.max)})`;
      return own === undefined || engine === 'tsbuild'
        ? range
        : `${range}, ×${(cell.median / own).toFixed(2)}`;
    });
    lines.push(`| ${measure} | ${cells.join(' | ')} |`);
  }
  process.stdout.write(
    `${Object.values(versions).join('; ')}\nmedian (min–max), × is the ratio to tsbuild\n\n`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

function seconds(ms) {
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function mapValues(record, map) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
