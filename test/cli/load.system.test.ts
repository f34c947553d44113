// bin/bundle/load.cjs around a stand-in for hot.js: the compiled form is kept, used, and never trusted blindly.

import {spawnSync} from 'node:child_process';
import {copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';

const source = join(dirname(fileURLToPath(import.meta.url)), '../../bin/bundle/load.cjs');
const hot = `({__proto__: null,
"a"(module, exports, require, tsbuildLoad) {
  exports.text = 'a' + tsbuildLoad('b').text;
  tsbuildLoad.times = (tsbuildLoad.times ?? 0) + 1;
},
"b"(module, exports) { exports.text = 'b'; },
})`;
const entry = `const {tsbuildLoad, tsbuildKeepCompiled} = require('./load.cjs');
process.stdout.write(tsbuildLoad('a').text + tsbuildLoad('a').text + tsbuildLoad.times + ' ' + tsbuildLoad.url);
if (process.argv[2] === 'keep') tsbuildKeepCompiled();`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbuild-load-'));
  copyFileSync(source, join(directory, 'load.cjs'));
  writeFileSync(join(directory, 'hot.js'), hot);
  writeFileSync(join(directory, 'entry.cjs'), entry);
});
afterEach(() => rmSync(directory, {recursive: true}));

/** As bin/tsbuild starts Node. */
const launched = ['--max-semi-space-size=4'];

function run(args: readonly string[] = [], nodeFlags: readonly string[] = launched): string {
  const {NODE_OPTIONS: _, ...env} = process.env;
  const {stdout, stderr} = spawnSync(
    process.execPath,
    [...nodeFlags, join(directory, 'entry.cjs'), ...args],
    {
      env,
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('');
  return stdout;
}

const compiled = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.bin'));

describe('the loader', () => {
  it('runs each part once, and knows where it is', () => {
    expect(run()).toBe(`abab1 file://${directory}/load.cjs`);
  });

  it('takes from the entry what that has brought along, and then does not read the rest', () => {
    const own = `require('./load.cjs').tsbuildEarly({__proto__: null,
"b"(module, exports) { exports.text = 'early'; },
});
${entry}`;
    writeFileSync(join(directory, 'entry.cjs'), own);
    expect(run()).toMatch(/^aearlyaearly1/);
    rmSync(join(directory, 'hot.js'));
    writeFileSync(join(directory, 'entry.cjs'), own.replaceAll("'a'", "'b'"));
    expect(run()).toMatch(/^earlyearlyundefined/);
  });

  it('takes what the hot script does not have from what answers by itself, and shares what both have', () => {
    writeFileSync(
      join(directory, 'early.cjs'),
      `module.exports = {__proto__: null,
"b"(module, exports) { exports.text = 'another'; },
"help"(module, exports, require, tsbuildLoad) { exports.text = 'help' + tsbuildLoad('b').text; },
};`,
    );
    writeFileSync(
      join(directory, 'entry.cjs'),
      `const {tsbuildLoad} = require('./load.cjs');
process.stdout.write(tsbuildLoad('a').text + tsbuildLoad('help').text);`,
    );
    expect(run()).toBe('abhelpb');
  });

  it('loads a module of Node’s that is called seldom when it is called', () => {
    const isLoaded = "process.moduleLoadList.includes('NativeModule dgram')";
    writeFileSync(
      join(directory, 'hot.js'),
      `({__proto__: null,
"a"(module, exports, require, tsbuildLoad, tsbuildKeepCompiled, tsbuildLater) {
  const dgram = tsbuildLater('node:dgram');
  exports.text = [${isLoaded}, typeof dgram.createSocket, ${isLoaded}].join();
},
})`,
    );
    writeFileSync(
      join(directory, 'entry.cjs'),
      "process.stdout.write(require('./load.cjs').tsbuildLoad('a').text);",
    );
    expect(run()).toBe('false,function,true');
  });

  it('reads the hot script for what is more than a question about the command itself', () => {
    const table = (text: string): string =>
      `({__proto__: null, "tsbuild"() { process.stdout.write('${text}'); }})`;
    writeFileSync(join(directory, 'hot.js'), table('hot'));
    writeFileSync(join(directory, 'early.cjs'), `module.exports = ${table('early')};`);
    copyFileSync(join(dirname(source), 'entry.cjs'), join(directory, 'entry.cjs'));
    for (const args of [['--version'], ['help']]) expect(run(args)).toBe('early');
    for (const args of [[], ['--version', '.']]) expect(run(args)).toBe('hot');
  });

  it('keeps the compiled form when asked, and then leaves it alone', () => {
    run();
    expect(compiled()).toEqual([]);
    run(['keep']);
    const [name = ''] = compiled();
    expect(name).toBe(`hot.${process.version}-${process.arch}.bin`);
    const {ino} = statSync(join(directory, name));
    expect(run(['keep'])).toMatch(/^abab1/);
    expect(statSync(join(directory, name)).ino).toBe(ino);
  });

  it('runs from source where the compiled form is not one, and makes it anew', () => {
    run(['keep']);
    const path = join(directory, compiled()[0] ?? '');
    const good = readFileSync(path);
    for (const bad of [Buffer.alloc(0), Buffer.from('nonsense'), good.subarray(0, good.length / 2)]) {
      writeFileSync(path, bad);
      expect(run(['keep'])).toMatch(/^abab1/);
      expect(readFileSync(path).length).toBeGreaterThan(bad.length);
    }
  });

  it('runs the new source when the old one’s compiled form is still there', () => {
    run(['keep']);
    writeFileSync(join(directory, 'hot.js'), hot.replace("exports.text = 'b'", "exports.text = 'longer'"));
    expect(run()).toMatch(/^alongeralonger1/);
  });

  it('keeps nothing under flags of V8, whose compiled form others would refuse', () => {
    run(['keep'], ['--no-opt']);
    expect(compiled()).toEqual([]);
  });

  it('leaves no temporary files', () => {
    run(['keep']);
    expect(readdirSync(directory).sort()).toEqual(['entry.cjs', 'hot.js', compiled()[0], 'load.cjs']);
  });
});
