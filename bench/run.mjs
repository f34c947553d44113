// `npm run bench`: every workload with every engine that is here, one engine after the other on the same inputs, and
// the ratios. See README.md for what is measured and how to read it.
//
//   --only NAMES      workloads, comma-separated        --runs N     rounds per measure (default 3)
//   --engines NAMES   tsbuild, rootless, crun, kernel, alone, docker, buildah
//                                                       --scale X    1 is the stated size (0.01 is a quick look)
//   --out FILE        also write the results as JSON

import {randomBytes} from 'node:crypto';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {ensureRegistry} from '../fixtures/base-images.mjs';
import {enginesHere} from './engines.mjs';
import {machine, printTable, summaryOf, withStepCost} from './report.mjs';
import {sandboxRounds} from './sandbox.mjs';
import {workloads} from './workloads.mjs';

const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache');

const {values: options} = parseArgs({
  options: {
    only: {type: 'string', default: Object.keys(workloads).join()},
    engines: {type: 'string', default: ''},
    runs: {type: 'string', default: '3'},
    scale: {type: 'string', default: '1'},
    out: {type: 'string'},
  },
});

function chosen(text, known) {
  const names = text.split(',').filter((name) => name !== '');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`unknown name ${unknown}; known: ${known.join(', ')}`);
  return names;
}

function add(results, key, engine, taken) {
  results[key] ??= {};
  results[key][engine] ??= [];
  results[key][engine].push(Math.round(taken * 100) / 100);
}

async function measureSandboxes(engines, {work, runs, scale}, results) {
  const rounds = sandboxRounds({work, engines, rounds: runs, count: scale(100)});
  for await (const {engine, value} of rounds) {
    process.stderr.write(`${engine.padEnd(8)} one sandbox ${value.toFixed(2)} ms\n`);
    add(results, 'step-overhead: one sandbox', engine, value);
  }
}

/** One untimed build: the engine's state is there, it has the base image, and a step without a network was run. */
function warmUp(engine, {work, base}) {
  const context = mkdtempSync(join(work, 'warm-up-'));
  writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nRUN true\n`);
  engine.build({context, tag: 'bench-warm-up', steps: 1, script: 'true'});
}

async function measure(name, engine, context, results) {
  warmUp(engine, context);
  const rounds = workloads[name]({...context, engine});
  for await (const {measure: what, work, value} of rounds) {
    const start = process.hrtime.bigint();
    work?.();
    const taken = value ?? Number(process.hrtime.bigint() - start) / 1e6;
    const key = `${name}: ${what}`;
    add(results, key, engine.name, taken);
    process.stderr.write(
      `${engine.name.padEnd(8)} ${key} ${Math.round(taken)}${work === undefined ? '' : ' ms'}\n`,
    );
  }
}

async function main() {
  const names = chosen(options.only, Object.keys(workloads));
  const factor = Number(options.scale);
  mkdirSync(cache, {recursive: true});
  const work = mkdtempSync(join(cache, 'bench-'));
  const registry = await ensureRegistry();
  const engines = enginesHere(
    work,
    registry,
    chosen(options.engines, ['tsbuild', 'rootless', 'crun', 'kernel', 'alone', 'docker', 'buildah']),
  );
  const results = {};
  try {
    const context = {
      work,
      registry,
      base: `${registry.address}/library/busybox:latest`,
      runs: Number(options.runs),
      nonce: () => randomBytes(8).toString('hex'),
      scale: (full) => Math.max(1, Math.round(full * factor)),
    };
    for (const name of names) {
      for (const engine of engines)
        if (engine.only?.includes(name) ?? true) await measure(name, engine, context, results);
      if (name === 'step-overhead') await measureSandboxes(engines, context, results);
    }
    const versions = Object.fromEntries(engines.map((engine) => [engine.name, engine.version()]));
    const summary = summaryOf(withStepCost(results));
    printTable(summary, versions);
    if (options.out !== undefined) {
      const report = {
        date: new Date().toISOString(),
        scale: factor,
        machine: machine(),
        versions,
        milliseconds: summary,
      };
      writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
    }
  } finally {
    for (const engine of engines) engine.fresh();
    await registry.stop();
    rmSync(work, {recursive: true, force: true});
  }
}

main().catch((error) => {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
});
