import {describe, expect, it} from 'vitest';
import {FlagValues} from '../../../src/cli/flag-values.ts';
import {callOf, parseCall} from '../../../src/cli/values/call.ts';

describe('parseCall', () => {
  it.each([
    ['check', {method: 'check', format: 'text', ignoresStatus: false}],
    ['lint', {method: 'check', format: 'text', ignoresStatus: false}],
    ['outline,format=json', {method: 'outline', format: 'json', ignoresStatus: false}],
    ['check,ignorestatus=true,format=text', {method: 'check', format: 'text', ignoresStatus: true}],
    ['', {method: 'build', format: 'text', ignoresStatus: false}],
  ])('reads "%s"', (text, expected) => {
    expect(parseCall(text)).toEqual(expected);
  });

  it.each([
    ['outlines', '--call outlines: unknown method, did you mean outline?'],
    [
      'describe',
      '--call describe: unknown method, expected build, check, outline, targets, subrequests.describe',
    ],
    [
      'check,format=xml',
      '--call check,format=xml: expected format=text, format=json or ignorestatus=true, got "format=xml"',
    ],
  ])('refuses "%s"', (text, problem) => {
    expect(parseCall(text)).toEqual({problem});
  });
});

describe('callOf', () => {
  const of = (...flags: [string, string][]) => callOf(new FlagValues(flags)).method;

  it('--check asks for what --call=check does', () => {
    expect(of(['check', 'true'])).toBe('check');
    expect(of(['check', 'true'], ['call', 'check,format=json'])).toBe('check');
    expect(of(['check', 'false'])).toBe('build');
  });

  it('--check and another method exclude each other', () => {
    expect(() => of(['check', 'true'], ['call', 'targets'])).toThrow('exclude each other');
  });
});
