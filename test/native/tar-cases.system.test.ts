// The helper's reader of tars, held to the same table as that of src/tar.

import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {tarCases} from '../support/tar-cases.ts';
import {TreeWorld, whyNoTrees} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

describe.skipIf(whyNoTrees() !== undefined)('unpack', () => {
  test.each(tarCases)('$title', (one) => {
    const dir = world.newPath();
    const {code, error} = world.run('unpack', `in=${world.file(one.bytes)}`, `dir=${dir}`);
    if ('refused' in one) {
      expect(error).toMatch(/cannot read the archive: .*at byte \d+|owner .* is out of range/);
      return;
    }
    expect({code, error}).toEqual({code: 0, error: ''});
    for (const {path, text, uid, mtime} of one.entries) {
      const found = statSync(join(dir, path));
      expect(readFileSync(join(dir, path), 'latin1')).toBe(text);
      expect(found).toMatchObject({uid: uid ?? 0, mtimeMs: mtime === undefined ? 10_000 : mtime * 1000});
    }
  });
});
