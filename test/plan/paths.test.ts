import {describe, expect, it} from 'vitest';
import {cleanAbsolute, destinationIn, hasWildcard, workdirAfter} from '../../src/plan/paths.ts';

describe('workdirAfter (A106)', () => {
  it.each([
    ['', '/app', '/app'],
    ['/', 'app', '/app'],
    ['/a', 'b', '/a/b'],
    ['/a', '../b', '/b'],
    ['/a', '../../..', '/'],
    ['/a', './', '/a'],
    ['/a', '/tmp/', '/tmp/'],
    ['/a', '/x/../y', '/x/../y'],
    ['/a', '', '/a'],
    ['/a/', 'b/', '/a/b'],
  ])('from %j to %j is %j', (current, path, expected) => {
    expect(workdirAfter(current, path)).toBe(expected);
  });
});

describe('destinationIn (A62)', () => {
  it.each([
    ['/', '.', '/'],
    ['/app', '.', '/app/'],
    ['/app', '', '/app/'],
    ['/app', './', '/app/'],
    ['/app', 'x', '/app/x'],
    ['/app', 'x/', '/app/x/'],
    ['/app', 'x/.', '/app/x/'],
    ['/app', '/x/.', '/x/'],
    ['/app', '/x', '/x'],
    ['/app', '..', '/'],
    ['/app/', 'x', '/app/x'],
    ['/', '../../x', '/x'],
  ])('in %j, %j is %j', (workdir, path, expected) => {
    expect(destinationIn(workdir, path)).toBe(expected);
  });
});

describe('cleanAbsolute (A67)', () => {
  it.each([
    ['a', '/a'],
    ['/a/', '/a'],
    ['../../a', '/a'],
    ['.', '/'],
    ['a//b/./c/..', '/a/b'],
  ])('%j is %j', (path, expected) => {
    expect(cleanAbsolute(path)).toBe(expected);
  });
});

describe('hasWildcard (A66)', () => {
  it.each([
    ['/a', false],
    ['/a*', true],
    ['/a?', true],
    ['/a[b]', true],
    ['/a\\*', false],
    ['/a\\\\*', true],
    ['/a\\', false],
  ])('%j: %s', (path, expected) => {
    expect(hasWildcard(path)).toBe(expected);
  });
});
