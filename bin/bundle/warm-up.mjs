// Lets V8 compile what a cached build runs, ahead of the first one: builds a small context twice; the second time
// everything is cached, and the compiled form is kept (load.cjs). What no such build has run is compiled anew by each
// later one, so the Dockerfile has what most have. Never fails: without it starts are slower, that is all.

import {spawnSync} from 'node:child_process';
import {copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const limitMs = 20_000;

/** The only program at hand that needs no libraries is the helper. */
const base = 'FROM scratch AS base\nCOPY program /bin/\nSHELL ["/bin/program", "help"]\n';

const files = `# What most Dockerfiles have
FROM base AS files
ARG VERSION=1
ENV MODE=test NAME="tsbuild \${VERSION}"
LABEL version=$VERSION
WORKDIR /app
COPY package.json ./
`;

/** Where no sandbox can be had, at an installation without rights, it is left out. */
const step = 'RUN --network=none mkdir -p node_modules && cp package.json node_modules/.lock\n';

const rest = `COPY source/ source/
FROM base
COPY --from=files --chown=0:0 /app /app
USER 1
EXPOSE 8080
ENTRYPOINT ["/bin/program"]
CMD ["help"]
`;

export function warmUp(distDirectory) {
  const helper = join(distDirectory, '../native/tsbuild-helper');
  let directory;
  try {
    directory = mkdtempSync(join(tmpdir(), 'tsbuild-warm-up-'));
    const context = join(directory, 'context');
    mkdirSync(join(context, 'source'), {recursive: true});
    writeFileSync(join(context, 'package.json'), '{}\n');
    writeFileSync(join(context, 'source/file'), 'file\n');
    if (existsSync(helper)) copyFileSync(helper, join(context, 'program'));
    const configuration = join(directory, 'tsbuild.toml');
    writeFileSync(configuration, '# None\n[registry."docker.io"]\n  mirrors = ["localhost"]\n');
    const {NODE_OPTIONS: _, NODE_EXTRA_CA_CERTS: __, ...env} = process.env;
    // As bin/tsbuild starts it.
    const [program, ...args] = [
      ...(existsSync(helper) ? [helper, 'start'] : []),
      process.execPath,
      '--max-semi-space-size=4',
      join(distDirectory, 'tsbuild.cjs'),
      'build',
      '--root',
      join(directory, 'state'),
      '--config',
      configuration,
      '--progress',
      'plain',
      '-t',
      'warm-up',
      context,
    ];
    for (const dockerfile of [base + files + step + rest, base + files + rest]) {
      writeFileSync(join(context, 'Dockerfile'), dockerfile);
      if (buildTwice(distDirectory, program, args, env)) return;
    }
  } catch {
    // Read-only installations and the like.
  } finally {
    removed(directory);
  }
}

function removed(directory) {
  try {
    if (directory !== undefined) rmSync(directory, {recursive: true, force: true});
  } catch {
    // A build that was killed may have left what only its helper can remove.
  }
}

function buildTwice(distDirectory, program, args, env) {
  for (let turn = 0; turn < 2; turn++) {
    // What was kept after the first build lacks what only a cached one runs.
    for (const name of readdirSync(distDirectory)) {
      if (name.startsWith('hot') && name.endsWith('.bin')) rmSync(join(distDirectory, name));
    }
    // A build that is told to end waits for what it has begun: an installation must not.
    const limits = {timeout: limitMs, killSignal: 'SIGKILL'};
    const {status, error} = spawnSync(program, args, {env, stdio: 'ignore', ...limits});
    if (error !== undefined) throw error;
    if (status !== 0) return false;
  }
  return true;
}
