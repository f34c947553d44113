// Loads the hot parts of the bundle by name (bin/bundle/build.mjs says which these are). They lie in one script, whose
// compiled form is kept beside it: V8 then neither parses nor compiles what a cached build runs. The compiled form
// belongs to one version of Node; another one, or a directory that cannot be written, only makes the start slower.

'use strict';

/** With a hash of the content in the bundle: V8 itself compares a source's length only. */
const hotName = 'hot';
/** In the bundle a hash of all that a build runs. */
const program = '';
const hotPath = `${__dirname}/${hotName}.js`;
const compiledPath = `${__dirname}/${hotName}.${process.version}-${process.arch}.bin`;
/** Most likely enough for either file. */
const compiledRoom = 1_250_000;
const loaded = new Map();
/** What answers by itself, without the hot script; has what a build does not run, too. */
let early = {__proto__: null};
let hot;
let script;

function tsbuildEarly(table) {
  early = table;
}

/** What was loaded so far is of no use to what is loaded next. */
function tsbuildForget() {
  early = {__proto__: null};
  loaded.clear();
}

function tsbuildLoad(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const method = methodOf(name);
  const module = {exports: {}};
  loaded.set(name, module);
  method(module, module.exports, require, tsbuildLoad, tsbuildKeepCompiled, tsbuildLater);
  return module.exports;
}

function methodOf(name) {
  if (name in early) return early[name];
  hot ??= readHot();
  if (name in hot) return hot[name];
  // The help of a command, and the list of commands.
  tsbuildEarly(require('./early.cjs'));
  return early[name];
}

tsbuildLoad.program = program;

/** What `import.meta.url` is in the bundle. */
Object.defineProperty(tsbuildLoad, 'url', {get: () => require('node:url').pathToFileURL(__filename).href});

/** A module of Node's, loaded when something of it is first used; asking Node for it each time would be felt. */
function tsbuildLater(name) {
  let module;
  return new Proxy({}, {
    get: (_, key) => {
      module ??= require(name);
      return module[key];
    },
  });
}

function readHot() {
  const {Script} = require('node:vm');
  const {closeSync, fstatSync, openSync, readSync} = require('node:fs');
  let buffer = Buffer.alloc(0);
  /** Both files go through one buffer, one after the other: memory touched for the first time is dear. */
  const read = (path, room) => {
    const file = openSync(path);
    try {
      const {size} = fstatSync(file);
      if (buffer.length < size) buffer = Buffer.allocUnsafeSlow(Math.max(size, room));
      let length = 0;
      while (length < size) {
        const count = readSync(file, buffer, length, size - length, null);
        if (count === 0) throw new Error(`${path} became shorter`);
        length += count;
      }
      return buffer.subarray(0, size);
    } finally {
      closeSync(file);
    }
  };
  // Only ASCII is in it, and latin1 is read fastest. The compiled form is somewhat larger.
  const source = read(hotPath, compiledRoom).latin1Slice();
  let cachedData;
  try {
    cachedData = read(compiledPath, 0);
  } catch {}
  script = new Script(source, {filename: hotPath, cachedData});
  return script.runInThisContext();
}

/** Keeps the compiled form of what has run so far, unless it is kept already. Called when the work is done. */
function tsbuildKeepCompiled() {
  // Flags of V8 change what it accepts; two kinds of callers would overwrite each other for ever. One is bin/tsbuild's.
  if (script === undefined || script.cachedDataRejected === false) return;
  if (process.execArgv.join() !== '--max-semi-space-size=4' || process.env.NODE_OPTIONS) return;
  const {closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync} = require('node:fs');
  const temporary = `${compiledPath}.${process.pid}`;
  try {
    const file = openSync(temporary, 'wx');
    try {
      writeSync(file, script.createCachedData());
      // Torn by a power cut it could crash V8, which checks its length only.
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, compiledPath);
  } catch {
    try {
      unlinkSync(temporary);
    } catch {}
  }
}

module.exports = {tsbuildLoad, tsbuildKeepCompiled, tsbuildEarly, tsbuildForget};
