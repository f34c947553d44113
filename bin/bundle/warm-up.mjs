// Lets V8 compile what a cached build runs, ahead of the first one: builds a context of one file twice; the second
// time everything is cached, and the compiled form is kept (load.cjs). Never fails: without it starts are slower,
// that is all.

import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const limitMs = 20_000;

export function warmUp(distDirectory) {
  const directory = mkdtempSync(join(tmpdir(), 'tsbuild-warm-up-'));
  try {
    const context = join(directory, 'context');
    mkdirSync(context);
    writeFileSync(
      join(context, 'Dockerfile'),
      'FROM scratch AS files\nCOPY file /\nFROM scratch\nCOPY --from=files / /\n',
    );
    writeFileSync(join(context, 'file'), 'file\n');
    const {NODE_OPTIONS: _, NODE_EXTRA_CA_CERTS: __, ...env} = process.env;
    // As bin/tsbuild starts it.
    const helper = join(distDirectory, '../native/tsbuild-helper');
    const [program, ...args] = [
      ...(existsSync(helper) ? [helper, 'start'] : []),
      process.execPath,
      join(distDirectory, 'tsbuild.cjs'),
      '--root',
      join(directory, 'state'),
      '--progress',
      'plain',
      context,
    ];
    for (let turn = 0; turn < 2; turn++) {
      // What was kept after the first build lacks what only a cached one runs.
      for (const name of readdirSync(distDirectory)) {
        if (name.startsWith('hot') && name.endsWith('.bin')) rmSync(join(distDirectory, name));
      }
      spawnSync(program, args, {env, stdio: 'ignore', timeout: limitMs});
    }
  } catch {
    // Read-only installations and the like.
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
}
