// The numbers and the banned words of CONTRIBUTING.md. A ban names its replacement, and is itself tested.

import {describe, expect, it} from 'vitest';
import {roomOf} from './room-map.ts';
import {filesBelow, type TextFile, withoutComments} from './source-files.ts';

const linesMax = 400;
const columnsMax = 120;
// 10,000 until it set up networks itself, instead of starting programs of the machine as root.
const helperLinesMax = 14_300;

interface Ban {
  readonly what: string;
  readonly pattern: RegExp;
  readonly instead: string;
  /** Where the word is allowed. */
  readonly except?: (path: string) => boolean;
}

const inCli = (path: string): boolean => roomOf(path) === 'cli';

const bans: readonly Ban[] = [
  {what: 'localeCompare', pattern: /\blocaleCompare\b/, instead: 'util/byte-order.ts'},
  {what: 'Intl.Collator', pattern: /\bIntl\.Collator\b/, instead: 'util/byte-order.ts'},
  {
    what: 'Math.random',
    pattern: /\bMath\.random\b/,
    instead: 'node:crypto randomBytes, or a seeded generator',
  },
  {
    what: 'Date.now',
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    instead: 'util/clock.ts',
    except: (path) => path === 'src/util/clock.ts',
  },
  {what: 'console', pattern: /\bconsole\./, instead: 'an event or an error', except: inCli},
  {what: 'process.exit', pattern: /\bprocess\.exit\b/, instead: 'an error with an exit code', except: inCli},
  {what: 'a default export', pattern: /^export default\b/m, instead: 'a named export'},
  {what: 'export *', pattern: /^export \*/m, instead: 'the names'},
  {what: 'any', pattern: /(?::|\bas|<|,) any\b/, instead: 'unknown'},
  {what: 'an enum', pattern: /^(?:export )?(?:const )?enum\b/m, instead: 'a union of strings'},
  {what: '@ts-ignore', pattern: /@ts-(?:ignore|nocheck)/, instead: 'a type that fits'},
];

const unfinished = /\b(?:TODO|FIXME|XXX|HACK)\b/;
const vagueNames = /(?:^|\/)(?:helpers|common|misc|types|utils|manager)\.ts$/;

function banned(file: TextFile): string[] {
  const code = withoutComments(file.text);
  const found: string[] = [];
  for (const {what, pattern, instead, except} of bans) {
    if (except?.(file.path)) continue;
    const searched = what.startsWith('@') ? file.text : code;
    const match = pattern.exec(searched);
    if (match === null) continue;
    const line = searched.slice(0, match.index).split('\n').length;
    found.push(`${file.path}:${line} ${what} is banned, use ${instead}`);
  }
  return found;
}

const engine = filesBelow(['src', 'grammar'], ['.ts']);
const native = filesBelow(['native'], ['.c', '.h']);
const written = [
  ...engine,
  ...native,
  ...filesBelow(['test', 'bench', 'bin', 'fixtures'], ['.ts', '.mjs', '.mts']),
];

describe('the numbers', () => {
  it(`no file is longer than ${linesMax} lines`, () => {
    const long = written.filter((file) => file.lines.length - 1 > linesMax);
    expect(long.map((file) => `${file.path}: ${file.lines.length - 1} lines`)).toEqual([]);
  });

  it(`no line is wider than ${columnsMax} columns, long texts in quotes aside`, () => {
    const quoted = /'[^']{40,}'|`[^`]{40,}`|"[^"]{40,}"|\/[^/]{60,}\//g;
    const wide = written.flatMap((file) =>
      file.lines.flatMap((line, index) =>
        line.length > columnsMax && line.replace(quoted, '').length > columnsMax - 40
          ? [`${file.path}:${index + 1} ${line.length}`]
          : [],
      ),
    );
    expect(wide).toEqual([]);
  });

  it(`the helper stays below ${helperLinesMax} lines, for it is what runs privileged`, () => {
    const sources = native.filter((file) => !file.path.startsWith('native/test/'));
    expect(sources.reduce((sum, file) => sum + file.lines.length - 1, 0)).toBeLessThan(helperLinesMax);
  });

  it('no folder of the engine holds more than 24 files', () => {
    const counts = new Map<string, number>();
    for (const {path} of engine) {
      const folder = path.slice(0, path.lastIndexOf('/'));
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    expect([...counts].filter(([, count]) => count > 24)).toEqual([]);
  });
});

describe('the words', () => {
  it('banned words have their replacements', () => {
    expect(engine.flatMap(banned)).toEqual([]);
  });

  it('nothing is left unfinished', () => {
    const marks = [...engine, ...native].flatMap((file) =>
      file.lines.flatMap((line, index) =>
        unfinished.test(line) ? [`${file.path}:${index + 1} ${line.trim()}`] : [],
      ),
    );
    expect(marks).toEqual([]);
  });

  it('every file of the engine says on top what it is', () => {
    const silent = engine.filter((file) => !/^(?:#!.*\n)?\/[/*]/.test(file.text));
    expect(silent.map((file) => file.path)).toEqual([]);
  });

  it('file names are kebab-case and say something', () => {
    const odd = engine.filter(
      ({path}) =>
        vagueNames.test(path) || !/^[a-z0-9-]+(?:\.d)?\.ts$/.test(path.slice(path.lastIndexOf('/') + 1)),
    );
    expect(odd.map((file) => file.path)).toEqual([]);
  });

  it('index.ts is found on shelves only', () => {
    const indexes = engine.filter((file) => file.path.endsWith('/index.ts'));
    const shelf =
      /^src\/(?:instructions|ops|exporters|sources|(?:cache|cli|progress|lint)\/[a-z]+)\/index\.ts$/;
    expect(indexes.map((file) => file.path).filter((path) => !shelf.test(path))).toEqual([]);
  });
});

describe('each ban', () => {
  const examples: Readonly<Record<string, string>> = {
    localeCompare: 'names.sort((a, b) => a.localeCompare(b));',
    'Intl.Collator': 'const order = new Intl.Collator();',
    'Math.random': 'const id = Math.random();',
    'Date.now': 'const now = Date.now();',
    console: "console.log('x');",
    'process.exit': 'process.exit(1);',
    'a default export': 'export default 1;',
    'export *': "export * from './x.ts';",
    any: 'const x: any = 1;',
    'an enum': 'export enum Colour {red}',
    '@ts-ignore': '// @ts-ignore',
  };
  it.each(bans)('of $what sees an example and names what to use', ({what, instead}) => {
    const text = `const before = 1;\n${examples[what]}\n`;
    expect(banned({path: 'src/graph/x.ts', text, lines: []})).toEqual([
      `src/graph/x.ts:2 ${what} is banned, use ${instead}`,
    ]);
  });

  it('leaves comments alone', () => {
    const text = '// console.log and process.exit are for the cli\n/* any */\nconst x = 1;\n';
    expect(banned({path: 'src/graph/x.ts', text, lines: []})).toEqual([]);
  });
});
