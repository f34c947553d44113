// What users see of the mistakes in fixtures/dockerfiles.

import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {renderDiagnostics} from '../../src/diagnostics/render.ts';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import {parseWithReaders} from '../../src/instructions/readers.ts';

const root = join(import.meta.dirname, '../../fixtures/dockerfiles');
const cases = readdirSync(root, {withFileTypes: true})
  .filter((entry) => entry.isDirectory())
  .map(({name}) => name);

describe('Dockerfiles with mistakes', () => {
  it.each(cases)('%s', async (name) => {
    const file = sourceFile('Dockerfile', readFileSync(join(root, name, 'Dockerfile'), 'utf8'));
    const {diagnostics} = parseWithReaders(file);
    const text = renderDiagnostics(diagnostics, {color: false, columns: 100});
    await expect(text).toMatchFileSnapshot(join(root, name, 'expected.txt'));
  });
});
