import {expect, test} from 'vitest';
import {FlagValues} from '../../../src/cli/flag-values.ts';
import {chosenFormat} from '../../../src/cli/format/flag.ts';

test('the first format is meant where nothing is said, and the last that is said wins', () => {
  expect(chosenFormat(new FlagValues([]), ['text', 'json'])).toBe('text');
  const twice = new FlagValues([
    ['format', 'dot'],
    ['format', 'json'],
  ]);
  expect(chosenFormat(twice, ['text', 'json'])).toBe('json');
});

test('a format that there is not is refused with all that there are', () => {
  const flags = new FlagValues([['format', 'yaml']]);
  expect(() => chosenFormat(flags, ['text', 'json', 'dot'])).toThrow(
    '--format expects text, json or dot, got "yaml"',
  );
});
