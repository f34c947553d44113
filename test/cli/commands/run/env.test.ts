import {expect, it} from 'vitest';
import {parseEnvFile, parseVariable} from '../../../../src/cli/commands/run/env.ts';

it('a variable without a value takes the one from here, or is taken away', () => {
  expect(parseVariable('A=b=c', {})).toBe('A=b=c');
  expect(parseVariable('A', {A: 'here'})).toBe('A=here');
  expect(parseVariable('A', {})).toBe('A');
  expect(parseVariable('=x', {})).toEqual({problem: expect.stringContaining('expects K or K=V')});
});

it('a file has one variable a line, taken literally', () => {
  const text = '\ufeffA=1\r\n# no\n\n  B="two words"\nC\nD\nE=#x\n';
  expect(parseEnvFile(text, {C: 'here'})).toEqual(['A=1', 'B="two words"', 'C=here', 'E=#x']);
  expect(parseEnvFile('A=1\nexport B=2\n', {})).toEqual({
    problem: 'line 2: "export B" is no name of a variable',
  });
  expect(parseEnvFile('=x', {})).toEqual({problem: 'line 1: "" is no name of a variable'});
});
