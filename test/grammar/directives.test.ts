import {describe, expect, it} from 'vitest';
import {DirectiveBlock, detectDirective, detectSyntax} from '../../grammar/directives.ts';

describe('DirectiveBlock', () => {
  it('reads directives in any case and with blanks anywhere', () => {
    const block = new DirectiveBlock();
    expect(block.read('#Syntax=docker/dockerfile:1')?.directive).toEqual({
      name: 'syntax',
      value: 'docker/dockerfile:1',
    });
    expect(block.read('#  escape\t= `  ')?.directive).toEqual({name: 'escape', value: '`'});
  });

  it('ends at the first line that is no known directive', () => {
    const block = new DirectiveBlock();
    expect(block.read('# foo=bar')).toBeUndefined();
    expect(block.read('# escape=`')).toBeUndefined();
  });

  it('tells a directive that is there already', () => {
    const block = new DirectiveBlock();
    expect(block.read('# check=skip=all')?.repeated).toBe(false);
    expect(block.read('# check=error=true')?.repeated).toBe(true);
  });
});

describe('detectSyntax', () => {
  it.each([
    ['# syntax=docker/dockerfile:1 --option', 'docker/dockerfile:1'],
    ['\ufeff# escape=`\n# syntax = a/b', 'a/b'],
    ['#!/usr/bin/env tsbuild\n# syntax=a/b', 'a/b'],
    ['// syntax=a/b', 'a/b'],
    ['{"syntax": "a/b"}', 'a/b'],
  ])('finds the frontend in %j', (text, expected) => {
    expect(detectSyntax(text)).toBe(expected);
  });

  it.each(['FROM a\n# syntax=a/b', '# a comment\n# syntax=a/b', '{"syntax": 1}', '{', ''])(
    'finds none in %j',
    (text) => {
      expect(detectSyntax(text)).toBeUndefined();
    },
  );
});

it('detectDirective gives the whole value', () => {
  expect(detectDirective('# check=skip=all; error=true\nFROM a', 'check')).toBe('skip=all; error=true');
});
