// `npm run example`: builds fixtures/builds/example through the built command, shows the image, builds it again and
// fails unless every step of the second build came from the cache. State lies below .cache/example and is kept, so that
// running it again is quick; `--fresh` starts over.

import {spawnSync} from 'node:child_process';
import {mkdirSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {ensureRegistry} from './base-images.mjs';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..');
const state = join(repository, '.cache', 'example');
const tag = 'example-site:latest';

function tsbuild(config, words) {
  process.stdout.write(`\n$ tsbuild ${words.join(' ')}\n`);
  const args = [words[0], '--root', join(state, 'root'), '--config', config, ...words.slice(1)];
  const run = spawnSync(join(repository, 'bin', 'tsbuild'), args, {
    cwd: repository,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (run.error) throw run.error;
  process.stdout.write(run.stderr + run.stdout);
  if (run.status !== 0)
    throw new Error(`tsbuild ${words[0]} ended with ${run.signal ?? `exit code ${run.status}`}`);
  return run.stderr + run.stdout;
}

async function main() {
  if (process.argv.includes('--fresh')) rmSync(state, {recursive: true, force: true});
  mkdirSync(state, {recursive: true});
  const registry = await ensureRegistry();
  try {
    const build = [
      'build',
      '--progress',
      'plain',
      '--build-arg',
      'VERSION=1.0',
      '-t',
      tag,
      'fixtures/builds/example/context',
    ];
    tsbuild(registry.config, build);
    tsbuild(registry.config, ['images']);
    tsbuild(registry.config, ['inspect', tag]);
    const again = tsbuild(registry.config, build);
    const steps = new Map(
      [...again.matchAll(/^#(\d+) (\[[^\]]+\] (?!FROM)[A-Z]+ .*)$/gm)].map((match) => [match[1], match[2]]),
    );
    const cached = new Set([...again.matchAll(/^#(\d+) CACHED$/gm)].map((match) => match[1]));
    const ran = [...steps].filter(([number]) => !cached.has(number));
    if (cached.size === 0 || ran.length > 0) {
      throw new Error(`not everything was cached the second time: ${ran.map(([, name]) => name).join(', ')}`);
    }
    process.stdout.write(`\nsecond build: all ${cached.size} steps cached\n`);
  } finally {
    await registry.stop();
  }
}

main().catch((error) => {
  process.stderr.write(`example: ${error.message}\n`);
  process.exitCode = 1;
});
