import {describe, expect, it} from 'vitest';
import {sourceFile} from '../../src/diagnostics/source-file.ts';

describe('a source file', () => {
  it('gives lines without their terminators, also the empty one behind the last', () => {
    const file = sourceFile('Dockerfile', 'a\r\nb\n');
    expect(file.linesCount).toBe(3);
    expect([1, 2, 3].map((number) => file.line(number))).toEqual(['a', 'b', '']);
  });

  it('has no line before the first or behind the last', () => {
    const file = sourceFile('Dockerfile', 'a');
    expect([0, 2].map((number) => file.line(number))).toEqual([undefined, undefined]);
  });

  it('finds each of many lines', () => {
    const lines = Array.from({length: 1000}, (_, index) => `line ${index + 1}`);
    const file = sourceFile('Dockerfile', lines.join('\n'));
    expect(lines.map((_, index) => file.line(index + 1))).toEqual(lines);
  });
});
