// `step-overhead`, the sandbox by itself: what the helper takes for `RUN true` without the build around it (no plan, no
// layer, no record), as root and as an ordinary user, beside what `crun run` takes for the same root file system, and
// what the kernel takes without any engine. A round has so many of each, one after the other, so that all see the same
// machine.

import {spawn} from 'node:child_process';
import {chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {asOrdinaryUser, makeRoot, ordinaryUser} from './step-peers.mjs';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..');
const warmUpRuns = 5;

/** The client of the helper and the filter of system calls, which are TypeScript. */
async function ownCode(work) {
  const outfile = join(work, 'sandbox-code.mjs');
  await build({
    stdin: {
      contents: `export {HelperProcess} from './src/helper/helper-process.ts';
        export {endOf} from './src/helper/spawned-helper.ts';
        export {systemCallArguments} from './src/ops/exec/system-call-filter.ts';`,
      resolveDir: repository,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
  });
  return import(outfile);
}

class SandboxSeries {
  #place = mkdtempSync(join(tmpdir(), 'tsbuild-sandbox-'));
  #user;
  #helper;
  #filter;
  #made = 0;

  constructor({HelperProcess, endOf}, filter, user) {
    this.#user = user;
    this.#filter = filter;
    makeRoot(join(this.#place, 'root'));
    for (const name of ['hosts', 'resolv.conf'])
      writeFileSync(join(this.#place, name), '127.0.0.1 localhost\n');
    const program = join(this.#place, 'helper');
    copyFileSync(join(repository, 'native/tsbuild-helper'), program);
    chmodSync(program, 0o755);
    if (user !== undefined) chownSync(this.#place, user, user);
    const command = [...(user === undefined ? [] : asOrdinaryUser), program, 'serve'];
    this.#helper = new HelperProcess({path: program}, () => {
      const child = spawn(command[0], command.slice(1), {stdio: ['pipe', 'pipe', 'inherit']});
      return {requests: child.stdin, answers: child.stdout, end: endOf(child, program)};
    });
  }

  #layer() {
    const layer = join(this.#place, `layer-${this.#made++}`);
    for (const path of [layer, join(layer, 'fs'), join(layer, 'work')]) {
      mkdirSync(path);
      if (this.#user !== undefined) chownSync(path, this.#user, this.#user);
    }
    return layer;
  }

  /** Mean of `count` runs in milliseconds. */
  async run(count) {
    const layers = Array.from({length: count}, () => this.#layer());
    const start = process.hrtime.bigint();
    for (const layer of layers) {
      const result = await this.#helper.request('run', [
        `layer=${join(this.#place, 'root')}`,
        `upper=${join(layer, 'fs')}`,
        `work=${join(layer, 'work')}`,
        ...['arg=/bin/sh', 'arg=-c', 'arg=true', 'network=none', 'epoch=1'],
        `hosts=${join(this.#place, 'hosts')}`,
        `resolv=${join(this.#place, 'resolv.conf')}`,
        ...this.#filter,
      ]);
      if (result.get('exit') !== '0') throw new Error(`true ended with ${result.get('exit')} in a sandbox`);
    }
    return Number(process.hrtime.bigint() - start) / 1e6 / count;
  }

  async close() {
    await this.#helper.close();
    rmSync(this.#place, {recursive: true, force: true});
  }
}

/** Gives `{engine, value}` in milliseconds for one sandbox, of every engine in `engines` that can tell, round by round. */
export async function* sandboxRounds({work, engines, rounds, count}) {
  const code = await ownCode(work);
  const filter = await code.systemCallArguments('sandbox');
  const has = (name) => engines.some((engine) => engine.name === name);
  const series = {
    ...(has('tsbuild') ? {tsbuild: new SandboxSeries(code, filter)} : {}),
    ...(has('tsbuild, rootless') ? {'tsbuild, rootless': new SandboxSeries(code, filter, ordinaryUser)} : {}),
  };
  const crun = engines.find(({name}) => name === 'crun');
  const kernel = engines.find(({name}) => name === 'kernel alone');
  try {
    for (const own of Object.values(series)) await own.run(warmUpRuns);
    for (let round = 0; round < rounds; round++) {
      for (const [engine, own] of Object.entries(series)) yield {engine, value: await own.run(count)};
      if (kernel !== undefined) yield {engine: kernel.name, value: kernel.mean({count})};
      if (crun === undefined) continue;
      const [all, none] = [count, 0].map((steps) => {
        const start = process.hrtime.bigint();
        crun.build({steps});
        return Number(process.hrtime.bigint() - start) / 1e6;
      });
      yield {engine: 'crun', value: (all - none) / count};
    }
  } finally {
    for (const own of Object.values(series)) await own.close();
  }
}
