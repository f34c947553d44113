import {expect, it} from 'vitest';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import {warningsText} from '../../src/progress/warnings.ts';

it('a warning that quotes control characters hands on none of them', () => {
  const file = sourceFile('Dockerfile', 'ARG X\nFROM alpine:\x1b]0;title\x07$X\n');
  const message =
    'Default value for ARG alpine:\x1b]0;title\x07$X results in empty or invalid base image name';
  const span = {line: 2, column: 0, endLine: 2, endColumn: 4};
  const code = 'InvalidDefaultArgInFrom';
  expect(warningsText([{severity: 'warning', code, message, file, span}])).toBe(
    ' 1 warning found:\n' +
      ' - InvalidDefaultArgInFrom: Default value for ARG alpine:·]0;title·$X results in empty or invalid base' +
      ' image name (line 2)\n      2 │ FROM alpine:·]0;title·$X\n',
  );
});
