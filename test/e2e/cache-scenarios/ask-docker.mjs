// Asks BuildKit, in a docker daemon of its own, for its verdict on every row that it can build, and writes them to
// buildkit.json. Needs root, Debian's docker.io and a minute or two. `node test/e2e/cache-scenarios/ask-docker.mjs [NAME…]`
// asks about these rows only.

import {execFile, spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {ensurePackages, ensureRegistry} from '../../../fixtures/base-images.mjs';
import {pushMovingBase} from './moving-base.mjs';
import {Play, serveFiles, stepOf} from './play.mjs';
import {scenarios} from './scenarios.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const file = join(here, 'buildkit.json');
const execute = promisify(execFile);
const wanted = process.argv.slice(2);

ensurePackages({dockerd: 'docker.io'});
const folder = mkdtempSync(join(tmpdir(), 'tsbuild-ask-docker-'));
const socket = `unix://${join(folder, 'docker.sock')}`;
const env = {...process.env, DOCKER_HOST: socket, DOCKER_BUILDKIT: '1'};

/** Not spawnSync: this process serves files to the daemon meanwhile. */
async function docker(args, {input, more = {}} = {}) {
  // The distribution's own client: newer ones want a plugin that it does not have.
  const running = execute('/usr/bin/docker', args, {env: {...env, ...more}, maxBuffer: 1 << 26});
  running.child.stdin.end(input);
  const {stdout, stderr} = await running;
  return `${stdout}${stderr}`;
}

async function startDaemon(registry) {
  const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const own = ['-H', socket, '--pidfile', join(folder, 'docker.pid'), '--bridge=none', '--iptables=false'];
  const child = spawn('dockerd', [...places, ...own, '--insecure-registry', registry], {stdio: 'ignore'});
  for (let waited = 0; waited < 60_000; waited += 200) {
    await sleep(200);
    if (spawnSync('/usr/bin/docker', ['version'], {env}).status === 0) return child;
  }
  child.kill('SIGTERM');
  throw new Error('dockerd does not start');
}

/** `#7 [build 2/3] RUN x`, later `#7 CACHED` or `#7 DONE 0.1s`. */
function verdictsOf(scenario, text) {
  const names = new Map();
  const found = {};
  for (const line of text.split('\n')) {
    const match = /^#(\d+) (.*)$/.exec(line);
    if (match === null) continue;
    const [, number, said] = match;
    if (said.startsWith('[') && !names.has(number)) names.set(number, said);
    const step = names.has(number) ? stepOf(scenario, names.get(number)) : undefined;
    if (step === undefined || names.get(number).startsWith('[internal]')) continue;
    if (said === 'CACHED') found[step] = 'hit';
    else if (/^DONE\b/.test(said) && found[step] === undefined) found[step] = 'run';
  }
  return found;
}

const registry = await ensureRegistry();
const files = await serveFiles();
let child;
try {
  child = await startDaemon(registry.address);
  const version = (await docker(['version', '--format', '{{.Server.Version}}'])).trim();
  const verdicts = wanted.length === 0 ? {} : JSON.parse(readFileSync(file, 'utf8')).verdicts;
  for (const [index, scenario] of scenarios.entries()) {
    const isWanted = wanted.length === 0 ? scenario.documented === undefined : wanted.includes(scenario.name);
    if (!isWanted) continue;
    const play = new Play(scenario, folder, index + 1, {url: files.url, registry: registry.address});
    // The daemon has no bridge: it shall leave the machine's network alone.
    const network = (flags) => (flags.includes('--network') ? [] : ['--network=host']);
    const build = (flags) =>
      docker(['build', '--progress', 'plain', ...network(flags), ...flags, play.operand], {
        input: play.input,
        more: play.env,
      });
    const push = async (base) => {
      if (base !== undefined) await pushMovingBase(registry.address, folder, play.movingBase, base);
    };
    files.serve(index + 1, scenario.served);
    await push(scenario.base);
    await build(play.flags);
    play.edit();
    if (scenario.edit.served !== undefined) files.serve(index + 1, scenario.edit.served);
    await push(scenario.edit.base);
    verdicts[scenario.name] = verdictsOf(scenario, await build(play.flagsAfter));
    process.stdout.write(`${scenario.name}: ${JSON.stringify(verdicts[scenario.name])}\n`);
  }
  for (const name of Object.keys(verdicts)) {
    if (!scenarios.some((scenario) => scenario.name === name)) delete verdicts[name];
  }
  writeFileSync(file, `${JSON.stringify({version, verdicts}, null, 2)}\n`);
} finally {
  child?.kill('SIGTERM');
  if (child !== undefined && child.exitCode === null)
    await new Promise((resolve) => child.once('exit', resolve));
  await files.close();
  await registry.stop();
  rmSync(folder, {recursive: true, force: true});
}
