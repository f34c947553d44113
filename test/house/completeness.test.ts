// The documents say what the tree holds, and the tree holds what the documents say.

import {existsSync} from 'node:fs';
import {dirname, join, normalize} from 'node:path';
import {describe, expect, it} from 'vitest';
import {rules} from '../../src/lint/rules/index.ts';
import {roomLevels} from './room-map.ts';
import {filesBelow, foldersIn, repository, textFile} from './source-files.ts';

const architecture = textFile(join(repository, 'ARCHITECTURE.md'));
const manifest = JSON.parse(textFile(join(repository, 'package.json')).text) as {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
};
const rootDocuments = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
const documents = [
  ...rootDocuments.map((name) => textFile(join(repository, name))),
  ...filesBelow(['docs', 'bench', 'fixtures', 'grammar', 'native', 'test'], ['.md']).filter(
    (file) => !/^fixtures\/builds\/[^/]+\/context\//.test(file.path),
  ),
];
const tests = filesBelow(['test'], ['.test.ts']);

describe('ARCHITECTURE.md', () => {
  const described = [...architecture.text.matchAll(/^### `(?:src\/)?([a-z-]+)\/`/gm)].map(
    (match) => match[1] ?? '',
  );
  const rooms = [...foldersIn('src'), 'grammar', 'native'];

  it('has a paragraph for every room that exists, and for no other', () => {
    expect([...described].sort()).toEqual([...rooms].sort());
  });

  it('shows every room at the level that the tests enforce', () => {
    const picture = architecture.text.split('\n').filter((line) => /^level \d/.test(line));
    for (const [room, level] of Object.entries(roomLevels)) {
      if (!rooms.includes(room)) continue;
      const line = picture.find((text) => text.startsWith(`level ${level}`)) ?? '';
      expect(line.split(/[^a-z]+/), `level of ${room}`).toContain(room);
    }
  });
});

describe('documents', () => {
  it('docs/dependencies.md tells of every dependency and of no other', () => {
    const told = [
      ...textFile(join(repository, 'docs/dependencies.md')).text.matchAll(/^\| `([^`]+)` \| ([\d.]+) \|/gm),
    ];
    const expected = {...manifest.dependencies, ...manifest.devDependencies};
    expect(Object.fromEntries(told.map((match) => [match[1], match[2]]))).toEqual(expected);
  });

  it('dependencies are pinned to one version', () => {
    const loose = Object.entries({...manifest.dependencies, ...manifest.devDependencies});
    expect(loose.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('CHANGELOG.md has a section for the version', () => {
    expect(textFile(join(repository, 'CHANGELOG.md')).text).toContain(`## ${manifest.version}`);
  });

  it('every document has exactly one title', () => {
    const odd = documents.filter((file) => {
      const prose = file.text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '');
      return (prose.match(/^# /gm) ?? []).length !== 1;
    });
    expect(odd.map((file) => file.path)).toEqual([]);
  });

  it('links between documents lead somewhere', () => {
    const broken = documents.flatMap((file) =>
      [...file.text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1] ?? '')
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !existsSync(join(repository, normalize(join(dirname(file.path), link)))))
        .map((link) => `${file.path}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('npm scripts named in the documents exist', () => {
    const missing = documents.flatMap((file) =>
      [...file.text.matchAll(/\bnpm run ([a-z:-]+)/g)]
        .map((match) => match[1] ?? '')
        .filter((name) => manifest.scripts[name] === undefined)
        .map((name) => `${file.path}: npm run ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('every decision record has its headings and its number', () => {
    const headings = ['Status', 'Context', 'Decision', 'Consequences', 'Alternatives considered'];
    headings.push('How we would notice we were wrong');
    const records = documents.filter((file) => file.path.startsWith('docs/adr/'));
    records.forEach((file, index) => {
      const number = String(index + 1).padStart(4, '0');
      expect(file.path, 'numbers without gaps').toMatch(new RegExp(`/${number}-[a-z0-9-]+\\.md$`));
      expect([...file.text.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual(headings);
      expect(file.lines.length, file.path).toBeLessThanOrEqual(70);
    });
    expect(records.length).toBeGreaterThan(0);
  });
});

describe('lint rules', () => {
  const pages = filesBelow(['docs/rules'], ['.md']);
  const pageOf = (name: string) =>
    pages.find(({path}) => path === `docs/rules/${name.replace('tsbuild/', '')}.md`);

  it.each(rules.map(({name}) => name))('%s has a page and a test of its name', (name) => {
    const page = pageOf(name)?.text ?? '';
    const prose = page.replace(/^```[\s\S]*?^```/gm, '');
    const headings = [...prose.matchAll(/^##? (.+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual([name, 'Output', 'Why', 'Bad', 'Good']);
    const named = tests.filter(
      ({path, text}) => path.startsWith('test/lint/') && text.includes(`describe('${name}'`),
    );
    expect(named).toHaveLength(1);
  });

  it('every page is about a rule, and the list has them all', () => {
    const list = textFile(join(repository, 'docs/rules/README.md')).text;
    const listed = [...list.matchAll(/^\* \[([^\]]+)\]/gm)].map((match) => match[1]);
    expect(listed).toEqual(rules.map(({name}) => name));
    expect(pages).toHaveLength(rules.length + 1);
  });

  it('their default is told as it is', () => {
    const wrong = rules.filter(({name, isOptIn = false}) => {
      const off = `Off; \`# check=experimental=${name}\` turns it on`;
      return (pageOf(name)?.text.includes(off) ?? false) !== isOptIn;
    });
    expect(wrong).toEqual([]);
  });
});

describe('instructions', () => {
  const keywords = foldersIn('src/instructions');
  const compatibility = textFile(join(repository, 'docs/compatibility.md')).text;
  const has = (path: string) => existsSync(join(repository, path));

  it.each(keywords)('%s has a page, tests of both halves, and a fixture that uses it', (name) => {
    const halves = ['read', 'lower'].filter((half) => has(`src/instructions/${name}/${half}.ts`));
    const wanted = [
      `src/instructions/${name}/README.md`,
      ...halves.map((half) => `test/instructions/${name}/${half}.test.ts`),
      `fixtures/instructions/${name}/Dockerfile`,
      `fixtures/instructions/${name}/expected.txt`,
    ];
    expect(wanted.filter((path) => !has(path))).toEqual([]);
    const fixture = textFile(join(repository, `fixtures/instructions/${name}/Dockerfile`)).text;
    expect(fixture).toMatch(new RegExp(`^${name.toUpperCase()} `, 'm'));
    expect(compatibility).toMatch(new RegExp(`\\b${name.toUpperCase()}\\b`));
  });

  it('there is no fixture of an instruction that does not exist', () => {
    expect(foldersIn('fixtures/instructions')).toEqual(keywords);
  });
});

describe('shelves', () => {
  const shelves = ['instructions', 'ops', 'exporters'];
  /** Where the kinds of a shelf are listed. */
  const lists: Readonly<Record<string, readonly string[]>> = {
    instructions: ['src/instructions/readers.ts', 'src/instructions/index.ts'],
    ops: ['src/build/wiring.ts'],
    exporters: ['src/exporters/index.ts'],
  };

  it.each(shelves)('every kind in src/%s has a test that names it', (shelf) => {
    const untested = foldersIn(`src/${shelf}`).filter((kind) => {
      const words = new RegExp(`${shelf}/${kind}/|\\b${kind.toUpperCase()}\\b|type=${kind}\\b|'${kind}'`);
      return !tests.some(
        (file) => file.path.startsWith(`test/${shelf}/`) && words.test(`${file.path}\n${file.text}`),
      );
    });
    expect(untested).toEqual([]);
  });

  it.each(shelves)('every kind in src/%s stands in its list', (shelf) => {
    const listed = (lists[shelf] ?? []).map((path) => textFile(join(repository, path)).text).join('\n');
    expect(foldersIn(`src/${shelf}`).filter((kind) => !listed.includes(`/${kind}/`))).toEqual([]);
  });
});
