// Bundles the command into dist/, for the shortest start: a cached build is mostly the time that Node takes to read
// our code.
//
//   tsbuild.cjs   the entry: chooses between the next two (entry.cjs)
//   early.cjs     the command line's beginning, enough for --version and --help
//   unchanged.cjs what a build needs to see that nothing has changed since the last one
//   hot-HASH.js   what a cached build runs, in one script that V8 keeps compiled (load.cjs tells where)
//   chunks/       what is loaded when it is needed: the parser, HTTP, archives …
//   load.cjs      finds the parts of hot-HASH.js
//
// In two passes: esbuild splits ES modules only, but Node 20 loads CommonJS faster (a cached build on a busy machine:
// 261 ms of CPU above an empty Node with ES modules, 219 without). So the first pass splits, the second turns each
// chunk into CommonJS.

import {createHash} from 'node:crypto';
import {copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build, transform} from 'esbuild';
import {bundledDatabase} from './bundled-database.mjs';
import {licensesOf} from './licenses.mjs';
import {warmUp} from './warm-up.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const {version} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const finalDirectory = join(root, 'dist');
const workDirectory = `${finalDirectory}.${process.pid}`;

const firstEntry = 'src/cli/main.ts';

/** What answers by itself: --version, --help. */
const earlyEntries = [firstEntry, 'src/cli/help.ts'];

/** Where a build begins; then the sinks that most have. */
const unchangedEntries = [
  'src/cli/commands/build/unchanged.ts',
  'src/progress/sinks/plain/plain-sink.ts',
  'src/progress/sinks/quiet/quiet-sink.ts',
  'src/progress/sinks/tty/tty-sink.ts',
];

/** Dynamic imports that every cached build makes; what they import statically goes with them. */
const hotEntries = [
  firstEntry,
  'src/cli/program.ts',
  'src/cli/commands/build/command.ts',
  'src/cli/commands/build/build.ts',
  // A build that fails says why even if the package was replaced meanwhile.
  'src/cli/failure.ts',
  'src/build/build.ts',
  'src/progress/sinks/plain/plain-sink.ts',
  'src/progress/sinks/quiet/quiet-sink.ts',
  'src/progress/sinks/tty/tty-sink.ts',
  'src/helper/helper-process.ts',
  // Where there is a configuration file.
  'node_modules/smol-toml/dist/index.js',
];

/** Also as esbuild has it where a package of CommonJS requires something. */
const requireOfNode = /(?:\brequire|\(0,\s*\w+\.__require\))\("(node:[\w/]+)"\)/g;

/** Modules of Node's that take milliseconds to load, and that the hot parts only call functions of. */
const seldomUsed = [
  'node:timers/promises',
  'node:fs/promises',
  'node:child_process',
  'node:net',
  'node:diagnostics_channel',
  'node:module',
  'node:crypto',
];

/** What esbuild puts before every module of CommonJS; all chunks of a table share `sharedHelpers` instead. */
const ownHelpers =
  /^(?:var __create=Object\.create;)?var __defProp=Object\.defineProperty;[^\n]*?(?:__toCommonJS=mod=>__copyProps\(__defProp\(\{\},"__esModule",\{value:!0\}\),mod\);|:target,mod\)\);)/;

/** With the same names. A module of ours is its own namespace: it is not copied, as esbuild's helpers would. */
const sharedHelpers = `
const __defProp = Object.defineProperty;
const __hasOwnProp = Object.prototype.hasOwnProperty;
const __export = (target, all) => {
  for (const name in all) __defProp(target, name, {get: all[name], enumerable: true});
};
const __copyProps = (to, from) => {
  for (const key of Object.getOwnPropertyNames(from)) {
    if (!__hasOwnProp.call(to, key)) __defProp(to, key, {get: () => from[key], enumerable: true});
  }
  return to;
};
const __toESM = (mod, isNodeMode) => {
  if (mod.__esModule && !isNodeMode) return mod;
  return __copyProps(__defProp({}, "default", {value: mod, enumerable: true}), mod);
};
const __toCommonJS = (mod) => __defProp(mod, "__esModule", {value: true});
`;

const {chunks, early, unchanged, hot, licenses} = await split();
const sizes = await writeAll();
replaceDirectory();
warmUp(finalDirectory);
process.stdout.write(
  `dist: ${chunks.length} chunks, ${hot.size} of them hot; ${kib(sizes.unchanged)} KiB first, ${kib(sizes.early)} KiB at the start, ${kib(sizes.hot)} KiB hot, ${kib(sizes.cold)} KiB cold\n`,
);

/** First pass: what belongs together, as ES modules with their source maps inside. */
async function split() {
  const {outputFiles, metafile} = await build({
    absWorkingDir: root,
    entryPoints: {tsbuild: firstEntry, unchanged: unchangedEntries[0]},
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [bundledDatabase],
    define: {TSBUILD_VERSION: JSON.stringify(version)},
    legalComments: 'none',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const outputs = outputFiles.map(({path, text}) => ({name: basename(path, '.js'), text}));
  return {
    chunks: outputs,
    ...startChunks(metafile),
    licenses: licensesOf(root, Object.keys(metafile.inputs)),
  };
}

/** Names of the chunks of each table; some are in several. */
function startChunks({outputs}) {
  const staticImports = (path, into) => {
    if (into.has(path)) return into;
    into.add(path);
    for (const {path: target, kind} of outputs[path].imports) {
      if (kind === 'import-statement' && target in outputs) staticImports(target, into);
    }
    return into;
  };
  const reached = (entries) => {
    const found = new Set();
    for (const entry of entries) {
      const path = Object.keys(outputs).find((output) => outputs[output].entryPoint?.endsWith(entry));
      if (path === undefined) throw new Error(`${entry} begins no chunk any more: mend the entries above`);
      staticImports(path, found);
    }
    return found;
  };
  const names = (paths) => new Set([...paths].map((path) => basename(path, '.js')));
  return {
    early: names(reached(earlyEntries)),
    unchanged: names(reached(unchangedEntries)),
    hot: names(reached(hotEntries)),
  };
}

/** Second pass and packing; gives sizes. */
async function writeAll() {
  mkdirSync(join(workDirectory, 'chunks'), {recursive: true});
  const packed = {hot: [], early: [], unchanged: []};
  let cold = 0;
  for (const {name, text} of chunks) {
    const {code, map} = await toCommonJs(name, text);
    if (early.has(name)) packed.early.push(asMethod(name, code));
    if (hot.has(name)) packed.hot.push(asMethod(name, code));
    if (unchanged.has(name)) packed.unchanged.push(asMethod(name, code));
    if (!isPacked(name)) {
      const load = "const {tsbuildLoad, tsbuildKeepCompiled} = require('../load.cjs');\n";
      writeFileSync(join(workDirectory, `chunks/${name}.cjs`), load + code);
      writeFileSync(join(workDirectory, `chunks/${name}.cjs.map`), map);
      cold += load.length + code.length;
    }
  }
  const told = tableOf(packed.early);
  writeFileSync(join(workDirectory, 'early.cjs'), `module.exports = ${told};\n`);
  const first = tableOf(packed.unchanged);
  writeFileSync(join(workDirectory, 'unchanged.cjs'), `module.exports = ${first};\n`);
  const script = tableOf(packed.hot);
  const hotName = `hot-${hashOf(script)}`;
  writeFileSync(join(workDirectory, `${hotName}.js`), script);
  writeFileSync(join(workDirectory, 'LICENSES.txt'), licenses);
  const loader = readFileSync(join(root, 'bin/bundle/load.cjs'), 'utf8')
    .replace("hotName = 'hot'", `hotName = '${hotName}'`)
    .replace("program = ''", `program = '${hashOf(script + first)}'`);
  writeFileSync(join(workDirectory, 'load.cjs'), loader);
  copyFileSync(join(root, 'bin/bundle/entry.cjs'), join(workDirectory, 'tsbuild.cjs'));
  return {hot: script.length, early: told.length, unchanged: first.length, cold};
}

function isPacked(name) {
  return early.has(name) || hot.has(name) || unchanged.has(name);
}

/** Chunks that are loaded by name have hashes of their own in what loads them. */
function hashOf(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function tableOf(methods) {
  return `(() => {\n${sharedHelpers}return {__proto__: null,\n${methods.join('')}};\n})()`;
}

/** For the tables that load.cjs takes chunks from. */
function asMethod(name, code) {
  return `${JSON.stringify(name)}(module, exports, require, tsbuildLoad, tsbuildKeepCompiled, tsbuildLater) {\n${withoutHelpers(name, code)}},\n`;
}

function withoutHelpers(name, code) {
  // What only runs when it is loaded has none.
  const short = code.replace(ownHelpers, '');
  if (short.includes('__copyProps='))
    throw new Error(`${name} has helpers of esbuild's that are not known: mend ownHelpers`);
  return short;
}

/** Identifiers stay, for the stack in a bug report must say something. Other characters than ASCII are escaped. */
async function toCommonJs(name, text) {
  const renamed = text.replace(/(["'])\.{1,2}\/(?:chunks\/)?([\w-]+)\.js\1/g, '"tsbuild:$2"');
  const {code, map, warnings} = await transform(renamed, {
    sourcefile: `${name}.js`,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // `import()` becomes a deferred require.
    supported: {'dynamic-import': false},
    define: {
      'import.meta.url': 'tsbuildLoad.url',
      // Looking at `performance` loads six modules of Node, and lru-cache looks whether it is there.
      ...(isPacked(name) ? {performance: 'Date'} : {}),
    },
    minifySyntax: true,
    minifyWhitespace: true,
    charset: 'ascii',
    sourcemap: 'external',
  });
  if (warnings.length > 0) throw new Error(`${name}: ${warnings[0].text}`);
  // Cold chunks are files like any other; the others see them from dist/.
  const chunkDirectory = isPacked(name) ? './chunks' : '.';
  const spared = isPacked(name) ? code.replace(requireOfNode, later) : code;
  const linked = spared.replace(/\brequire\("tsbuild:([\w-]+)"\)/g, (_, target) =>
    isPacked(target) ? `tsbuildLoad("${target}")` : `require("${chunkDirectory}/${target}.cjs")`,
  );
  return {code: linked, map};
}

/** A module of Node's that a cached build names and mostly does not use is loaded with its first use. */
function later(text, name) {
  return seldomUsed.includes(name) ? `tsbuildLater("${name}")` : text;
}

/** In one step, so that a command started meanwhile sees one build or the other. */
function replaceDirectory() {
  const previous = `${workDirectory}.previous`;
  if (existsSync(finalDirectory)) renameSync(finalDirectory, previous);
  renameSync(workDirectory, finalDirectory);
  rmSync(previous, {recursive: true, force: true});
}

function kib(bytes) {
  return Math.round(bytes / 1024);
}
