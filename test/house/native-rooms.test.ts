// The rooms of the helper: what a C file may include. Each broken rule is printed as `file:line what`.

import {describe, expect, it} from 'vitest';
import {filesBelow, foldersIn} from './source-files.ts';

/** A file may include its own room and rooms of a lower level. native/README.md says what each is. */
const levels: Readonly<Record<string, number>> = {
  util: 0,
  protocol: 1,
  namespace: 1,
  view: 2,
  tree: 3,
  blob: 3,
  cgroup: 3,
  network: 3,
  layer: 4,
  copy: 5,
  sandbox: 5,
  serve: 6,
};

const files = filesBelow(['native'], ['.c', '.h']).filter(
  ({path}) => !path.startsWith('native/test/') && !path.startsWith('native/build/'),
);

interface Inclusion {
  readonly place: string;
  readonly room: string | undefined;
  readonly included: string;
}

/** `native/tree/walk.c` is in the room `tree`; the two files beside the rooms are in none, and may include all. */
const roomOf = (path: string): string | undefined => /^native\/([^/]+)\//.exec(path)?.[1];

const inclusions: readonly Inclusion[] = files.flatMap(({path, lines}) =>
  lines.flatMap((line, index) => {
    const included = /^#include "([^"]+)"/.exec(line)?.[1];
    return included === undefined ? [] : [{place: `${path}:${index + 1}`, room: roomOf(path), included}];
  }),
);

describe('the rooms of the helper', () => {
  it('are all known', () => {
    const rooms = foldersIn('native').filter((folder) => folder !== 'test' && folder !== 'build');
    expect(rooms).toEqual(Object.keys(levels).sort());
  });

  it('include what they need by the name of its room', () => {
    const nameless = inclusions.filter(({included}) => !(String(included.split('/')[0]) in levels));
    expect(inclusions.length).toBeGreaterThan(100);
    expect(nameless.map(({place, included}) => `${place} ${included}`)).toEqual([]);
  });

  it('include down: their own or a lower level', () => {
    const upward = inclusions.filter(({room, included}) => {
      const other = String(included.split('/')[0]);
      if (room === undefined || room === other) return false;
      return !(Number(levels[other]) < Number(levels[room]));
    });
    expect(upward.map(({place, included}) => `${place} ${included}`)).toEqual([]);
  });

  it('have no more than 24 files each', () => {
    const counts = new Map<string, number>();
    for (const {path} of files) counts.set(String(roomOf(path)), (counts.get(String(roomOf(path))) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 24)).toEqual([]);
  });
});
