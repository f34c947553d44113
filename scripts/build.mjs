// Bundles the command into dist/: one small entry, and chunks that are loaded when they are needed (the parser, HTTP, exporters,
// progress on a terminal …), because a cached build is mostly the time that Node takes to read our code.

import {existsSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const {version} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const finalDirectory = join(root, 'dist');
const outdir = `${finalDirectory}.${process.pid}`;

const result = await build({
  absWorkingDir: root,
  entryPoints: {tsbuild: 'src/cli/main.ts'},
  outdir,
  outExtension: {'.js': '.mjs'},
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Its native part is a package of its own per platform, found by Node's resolution.
  external: ['libsql'],
  define: {TSBUILD_VERSION: JSON.stringify(version)},
  // CommonJS packages ask for Node's modules through `require`, which ES modules do not have.
  banner: {
    js: "import {createRequire as tsbuildCreateRequire} from 'node:module'; const require = tsbuildCreateRequire(import.meta.url);",
  },
  minifySyntax: true,
  minifyWhitespace: true,
  // Identifiers are not minified: the stack in a bug report must say something.
  sourcemap: 'external',
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
});

// In one step, so that a command started meanwhile sees one build or the other.
const previous = `${outdir}.previous`;
if (existsSync(finalDirectory)) renameSync(finalDirectory, previous);
renameSync(outdir, finalDirectory);
rmSync(previous, {recursive: true, force: true});

const sizes = Object.entries(result.metafile.outputs).filter(([name]) => name.endsWith('.mjs'));
const total = sizes.reduce((sum, [, {bytes}]) => sum + bytes, 0);
process.stdout.write(`dist/tsbuild.mjs and ${sizes.length - 1} chunks, ${Math.round(total / 1024)} KiB\n`);
