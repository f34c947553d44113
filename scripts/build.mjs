// Bundles the command into dist/: one small entry, and chunks that are loaded when they are needed (the parser, HTTP, archives,
// the terminal …), because a cached build is mostly the time that Node takes to read our code.
//
// In two passes: esbuild splits ES modules only, but Node 20 loads CommonJS faster (a cached build on a busy machine: 261 ms of
// CPU above an empty Node with ES modules, 219 without). So the first pass splits, the second turns each chunk into
// CommonJS.

import {existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build, transform} from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const {version} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const finalDirectory = join(root, 'dist');
const workDirectory = `${finalDirectory}.${process.pid}`;

const chunks = await split();
let bytes = 0;
for (const {path, text} of chunks) bytes += await write(path, text);
replaceDirectory();
process.stdout.write(`dist/tsbuild.cjs and ${chunks.length - 1} chunks, ${Math.round(bytes / 1024)} KiB\n`);

/** First pass: what belongs together, as ES modules with their source maps inside. */
async function split() {
  const {outputFiles} = await build({
    absWorkingDir: root,
    entryPoints: {tsbuild: 'src/cli/main.ts'},
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Its native part is a package of its own per platform, found by Node's resolution.
    external: ['libsql'],
    define: {TSBUILD_VERSION: JSON.stringify(version)},
    legalComments: 'inline',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return outputFiles.map(({path, text}) => ({path: relative(finalDirectory, path), text}));
}

/** Second pass; gives the size. Identifiers stay, for the stack in a bug report must say something. */
async function write(path, text) {
  const renamed = text.replace(/(["'])(\.{1,2}\/(?:chunks\/)?[\w-]+)\.js\1/g, '"$2.cjs"');
  const {code, map, warnings} = await transform(renamed, {
    sourcefile: path,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // `import()` becomes a deferred require.
    supported: {'dynamic-import': false},
    define: {'import.meta.url': 'tsbuildModuleUrl'},
    banner: renamed.includes('import.meta.url')
      ? "const tsbuildModuleUrl = require('node:url').pathToFileURL(__filename).href;"
      : '',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'eof',
    sourcemap: 'external',
  });
  if (warnings.length > 0) throw new Error(`${path}: ${warnings[0].text}`);
  const target = join(workDirectory, path.replace(/\.js$/, '.cjs'));
  mkdirSync(dirname(target), {recursive: true});
  writeFileSync(target, code);
  writeFileSync(`${target}.map`, map);
  return Buffer.byteLength(code);
}

/** In one step, so that a command started meanwhile sees one build or the other. */
function replaceDirectory() {
  const previous = `${workDirectory}.previous`;
  if (existsSync(finalDirectory)) renameSync(finalDirectory, previous);
  renameSync(workDirectory, finalDirectory);
  rmSync(previous, {recursive: true, force: true});
}
