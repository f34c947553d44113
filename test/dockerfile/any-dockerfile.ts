// Texts made of the characters and words that mean something in a Dockerfile, for properties that hold of every text.

import fc from 'fast-check';
import {readers} from '../../src/instructions/readers.ts';

const seed = process.env['TSBUILD_SEED'] === undefined ? {} : {seed: Number(process.env['TSBUILD_SEED'])};
export const propertyOptions = {numRuns: Number(process.env['TSBUILD_RUNS'] ?? 300), ...seed};

const keywords = readers.map(({keyword}) => keyword.toLowerCase());
const piece = fc.oneof(
  fc.constantFrom(...keywords),
  fc.constantFrom(
    '\n',
    '\\\n',
    ' ',
    '#',
    '<<EOF',
    '\nEOF\n',
    '[',
    ']',
    '"a"',
    ',',
    '=',
    '--',
    '--from=',
    'as',
    '$x',
  ),
  fc.constantFrom(
    '# escape=`\n',
    '\r\n',
    '\ufeff',
    "'",
    '"',
    '\\',
    '`',
    '${',
    '}',
    '\t',
    '<<-"E"',
    '1',
    '{',
    '\u00a0',
  ),
  fc.string({unit: 'grapheme', maxLength: 3}),
);
const nonsense = fc.array(piece, {maxLength: 40}).map((pieces) => pieces.join(''));
const likely = fc
  .array(fc.tuple(fc.constantFrom(...keywords), fc.array(piece, {maxLength: 6})), {maxLength: 4})
  .map((lines) => `FROM a\n${lines.map(([keyword, rest]) => `${keyword} ${rest.join('')}\n`).join('')}`);
export const anyDockerfile = fc.oneof(nonsense, likely);
