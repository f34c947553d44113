import {describe, expect, it} from 'vitest';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import {about, PlanProblem, ProblemList} from '../../src/plan/plan-problem.ts';

const file = sourceFile('Dockerfile', 'FROM a\nCOPY --chmod=9 "a=b" \\\n  x9 9 c\n');
const instruction = {line: 2, column: 0, endLine: 3, endColumn: 8};

function placeOf(word: string | undefined): unknown {
  const problems = new ProblemList(file);
  problems.add(instruction, new PlanProblem('plan-x', 'no', [], word));
  return problems.diagnostics[0]?.span;
}

describe('the place of a problem', () => {
  it('is its word, also on a continued line', () => {
    expect(placeOf('--chmod=9')).toEqual({line: 2, column: 5, endLine: 2, endColumn: 14});
    expect(placeOf('x9')).toEqual({line: 3, column: 2, endLine: 3, endColumn: 4});
  });

  it('is where the word stands by itself, or as a value, rather than in another word', () => {
    expect(placeOf('9')).toEqual({line: 2, column: 13, endLine: 2, endColumn: 14});
    expect(placeOf('a')).toEqual({line: 2, column: 16, endLine: 2, endColumn: 17});
    expect(placeOf('c')).toEqual({line: 3, column: 7, endLine: 3, endColumn: 8});
  });

  it('is the instruction when the word is not written in it, or there is none', () => {
    expect(placeOf('/expanded')).toBe(instruction);
    expect(placeOf('')).toBe(instruction);
    expect(placeOf(undefined)).toBe(instruction);
  });
});

describe('about', () => {
  it('tells a problem what word it is about, unless it knows', () => {
    const thrown = (inner?: string): unknown => {
      try {
        return about('outer', () => {
          throw new PlanProblem('plan-x', 'no', [], inner);
        });
      } catch (error) {
        return (error as PlanProblem).word;
      }
    };
    expect(thrown()).toBe('outer');
    expect(thrown('inner')).toBe('inner');
    expect(about('outer', () => 1)).toBe(1);
  });
});
