// Which room may import which. Each broken rule is printed as `file:line what`, so that it can be clicked.

import {describe, expect, it} from 'vitest';
import {
  adjoining,
  harmless,
  kinship,
  nodeDoors,
  packageDoors,
  pureRooms,
  roomLevels,
  roomOf,
  shelves,
  worldlyModules,
} from './room-map.ts';
import {filesBelow, importsOf, packageOf, type TextFile} from './source-files.ts';

const files = filesBelow(['src', 'grammar'], ['.ts']);

function violations(check: (file: TextFile, room: string) => Iterable<string>): string[] {
  return files.flatMap((file) => [...check(file, roomOf(file.path) ?? '')]);
}

function* upwardImports(file: TextFile, room: string): Iterable<string> {
  for (const {line, target} of importsOf(file)) {
    if (target === undefined) continue;
    const other = roomOf(target);
    if (other === undefined) {
      yield `${file.path}:${line} ${room} may not import ${target}, which is in no room`;
      continue;
    }
    const [from, to] = [roomLevels[room] ?? Number.NaN, roomLevels[other] ?? Number.NaN];
    if (other !== room && !(to < from) && !adjoining[room]?.includes(other)) {
      yield `${file.path}:${line} ${room} (level ${from}) may not import ${other} (level ${to})`;
    }
  }
}

/** The files that import each other in a circle, or stand between two circles. */
function filesInCircles(all: readonly TextFile[]): string[] {
  const arrows = all.flatMap((file) => importsOf(file).map(({target}) => [file.path, target] as const));
  let left = new Set<string | undefined>(all.map(({path}) => path));
  for (let before = 0; before !== left.size; ) {
    before = left.size;
    const inside = arrows.filter(([from, to]) => left.has(from) && left.has(to));
    const importers = new Set(inside.map(([from]) => from));
    left = new Set(inside.map(([, to]) => to).filter((path) => path !== undefined && importers.has(path)));
  }
  return [...left].filter((path) => path !== undefined).sort();
}

function shelfOf(path: string): string | undefined {
  return shelves.find((folder) => path.startsWith(`${folder}/`));
}

function shelfChild(path: string): string | undefined {
  const shelf = shelfOf(path);
  const rest = shelf === undefined ? [] : path.slice(shelf.length + 1).split('/');
  return rest.length > 1 ? `${shelf}/${rest[0]}` : undefined;
}

describe('the rooms of the house', () => {
  it('knows every folder of src', () => {
    const unknown = new Set(
      files.map((file) => roomOf(file.path)).filter((room) => !(String(room) in roomLevels)),
    );
    expect([...unknown]).toEqual([]);
  });

  it('imports point down: to the own room or a lower level', () => {
    expect(violations(upwardImports)).toEqual([]);
  });

  it('no file imports itself by way of others, not even for a type', () => {
    expect(filesInCircles(files)).toEqual([]);
  });

  it('only dockerfile reads the grammar', () => {
    const strangers = violations(function* (file, room) {
      if (room === 'grammar' || room === 'dockerfile') return;
      for (const {line, target} of importsOf(file)) {
        if (target?.startsWith('grammar/')) yield `${file.path}:${line} ${room} may not import ${target}`;
      }
    });
    expect(strangers).toEqual([]);
  });

  it('kinds on a shelf do not import each other', () => {
    const siblings = violations(function* (file) {
      const own = shelfChild(file.path);
      if (own === undefined) return;
      for (const {line, target} of importsOf(file)) {
        const other = target === undefined ? undefined : shelfChild(target);
        const related = other === undefined || other === own || kinship.has(`${own} ${other}`);
        if (!related && shelfOf(other) === shelfOf(own))
          yield `${file.path}:${line} ${own} may not import ${other}`;
      }
    });
    expect(siblings).toEqual([]);
  });

  it('pure rooms import nothing that touches the world', () => {
    const worldly = violations(function* (file, room) {
      if (!pureRooms.has(room)) return;
      for (const {line, specifier} of importsOf(file)) {
        if (worldlyModules.has(specifier) && !harmless.has(`${file.path} ${specifier}`))
          yield `${file.path}:${line} ${room} is pure, it may not import ${specifier}`;
      }
    });
    expect(worldly).toEqual([]);
  });
});

describe('the doors of the house', () => {
  it('every package comes in through one file', () => {
    const doors = new Map<string, Set<string>>();
    const wrong = violations(function* (file) {
      for (const {line, specifier, target} of importsOf(file)) {
        if (target !== undefined || specifier.startsWith('node:')) continue;
        const name = packageOf(specifier);
        const door = packageDoors[name];
        const fits =
          door !== undefined && (door.endsWith('/') ? file.path.startsWith(door) : file.path === door);
        if (!fits) yield `${file.path}:${line} may not import ${specifier} (its door: ${door ?? 'none'})`;
        doors.set(name, (doors.get(name) ?? new Set()).add(file.path));
      }
    });
    for (const [name, users] of doors) {
      if (users.size > 1) wrong.push(`${name} has ${users.size} doors: ${[...users].join(', ')}`);
    }
    expect(wrong).toEqual([]);
  });

  it('processes are started only by their room', () => {
    const wrong = violations(function* (file, room) {
      for (const {line, specifier} of importsOf(file)) {
        const allowed = nodeDoors[specifier];
        if (allowed !== undefined && !allowed.includes(room)) {
          yield `${file.path}:${line} ${room} may not import ${specifier} (only: ${allowed.join(', ') || 'nobody'})`;
        }
      }
    });
    expect(wrong).toEqual([]);
  });
});

describe('the test itself', () => {
  it('sees an import that points up, with its line', () => {
    const file = {
      path: 'src/graph/x.ts',
      text: "// import {a} from '../cli/a.ts';\nimport {b} from '../build/b.ts';\n",
      lines: [],
    };
    expect([...upwardImports(file, 'graph')]).toEqual([
      'src/graph/x.ts:2 graph (level 2) may not import build (level 6)',
    ]);
  });

  it('sees a circle, and not who imports it or is imported by it', () => {
    const file = (path: string, ...targets: string[]) => ({
      path: `src/x/${path}.ts`,
      text: targets.map((target) => `import './${target}.ts';\n`).join(''),
      lines: [],
    });
    const chain = [file('a', 'b'), file('b', 'c'), file('c')];
    expect(filesInCircles(chain)).toEqual([]);
    expect(filesInCircles([...chain.slice(0, 2), file('c', 'd', 'b'), file('d')])).toEqual([
      'src/x/b.ts',
      'src/x/c.ts',
    ]);
  });

  it('sees every form of import', () => {
    const text = [
      "import type {A} from './a.ts';",
      'export {b} from "../b.ts";',
      "import 'c';",
      "await import('d/e');",
      'import {',
      '  f,',
      "} from '@g/h/i';",
    ].join('\n');
    const found = importsOf({path: 'src/x/y.ts', text, lines: []});
    expect(found.map(({line, specifier}) => `${line} ${specifier}`)).toEqual([
      '1 ./a.ts',
      '2 ../b.ts',
      '3 c',
      '4 d/e',
      '7 @g/h/i',
    ]);
    expect(found.map(({specifier}) => packageOf(specifier)).at(-1)).toBe('@g/h');
  });
});
