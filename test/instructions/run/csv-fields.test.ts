import {expect, it} from 'vitest';
import {csvFields} from '../../../src/instructions/run/csv-fields.ts';

it.each([
  ['a,b', ['a', 'b']],
  ['a,,b,', ['a', '', 'b', '']],
  ['"a,b",c', ['a,b', 'c']],
  ['"a""b"', ['a"b']],
  ['""', ['']],
])('splits %j', (record, fields) => {
  expect(csvFields(record)).toEqual(fields);
});

it.each([
  ['', 'EOF'],
  ['a,b"c', 'parse error on line 1, column 4: bare " in non-quoted field'],
  ['"a', 'parse error on line 1, column 3: extraneous or missing " in quoted-field'],
  ['"a"b', 'parse error on line 1, column 3: extraneous or missing " in quoted-field'],
])('refuses %j', (record, error) => {
  expect(csvFields(record)).toEqual({error});
});
