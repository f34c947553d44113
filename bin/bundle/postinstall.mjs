// After installing the package: builds the helper from its sources where there is none yet. A machine without a
// compiler gets one line and a working `tsbuild --version`; builds then say what is missing. Then the first start is
// prepared.

import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {warmUp} from './warm-up.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const native = join(root, 'native');

if (existsSync(join(native, 'Makefile')) && !existsSync(join(native, 'tsbuild-helper'))) {
  const missing = ['make', 'gcc'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
  if (missing.length > 0) {
    tell(`${missing.join(' and ')} not found; install them and run: make -C ${native}`);
  } else {
    const jobs = `-j${availableParallelism()}`;
    const make = spawnSync('make', ['-s', jobs, '-C', native], {encoding: 'utf8'});
    if (make.status !== 0) tell(`make failed; to see why run: make -C ${native}\n${make.stderr ?? ''}`);
  }
}
if (existsSync(join(root, 'dist/load.cjs'))) warmUp(join(root, 'dist'));

function tell(text) {
  process.stderr.write(`tsbuild: the helper is not built: ${text}\n`);
}
