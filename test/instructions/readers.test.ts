import {readdirSync} from 'node:fs';
import {expect, it} from 'vitest';
import {readers} from '../../src/instructions/readers.ts';

it('there is one reader for every instruction on the shelf', () => {
  const folders = readdirSync('src/instructions', {withFileTypes: true}).filter((entry) =>
    entry.isDirectory(),
  );
  expect(readers.map(({keyword}) => keyword.toLowerCase()).sort()).toEqual(
    folders.map(({name}) => name).sort(),
  );
});

it('heredocs stand in COPY, ADD and RUN only', () => {
  const keywords = readers.filter(({heredoc}) => heredoc).map(({keyword}) => keyword);
  expect(keywords.sort()).toEqual(['ADD', 'COPY', 'RUN']);
});
