// What is said of the files in fixtures/lint.

import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {linted} from './linted.ts';

const root = join(import.meta.dirname, '../../fixtures/lint');
const cases = readdirSync(root, {withFileTypes: true})
  .filter((entry) => entry.isDirectory())
  .map(({name}) => name);

describe('Dockerfiles to lint', () => {
  it.each(cases)('%s', async (name) => {
    const folder = join(root, name);
    const ignoreFile = join(folder, '.dockerignore');
    const ignore = existsSync(ignoreFile) ? readFileSync(ignoreFile, 'utf8') : '';
    const {warnings} = await linted(readFileSync(join(folder, 'Dockerfile'), 'utf8'), {ignore});
    const text = warnings.map((warning) => `${warning}\n`).join('');
    await expect(text).toMatchFileSnapshot(join(folder, 'expected.txt'));
  });
});
