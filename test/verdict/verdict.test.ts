import {describe, expect, it} from 'vitest';
import {failureOf} from './failures-reporter.ts';
import {filesMax, filesToRunAgain, verdictOf} from './verdict.mjs';

const slow = failureOf('test/a.test.ts', 'a > is slow', new Error('too late'));
const broken = failureOf('test/b.test.ts', 'b > is broken', new Error('expected 1\n\n\x1b[31mgot 2\x1b[39m'));
const stray = failureOf('', 'outside of all tests', undefined);

describe('the verdict on failed tests', () => {
  it('is mild where each of them passes alone, and names it all the same', () => {
    expect(verdictOf([slow], [])).toEqual({
      passed: true,
      lines: ['failed beside the others, passed alone: test/a.test.ts > a > is slow', '    too late'],
    });
  });

  it('is failure where one fails again, with the first lines of its error', () => {
    const {passed, lines} = verdictOf([slow, broken], [broken]);
    expect(passed).toBe(false);
    expect(lines.slice(-3)).toEqual([
      'failed again: test/b.test.ts > b > is broken',
      '    expected 1',
      '    got 2',
    ]);
  });

  it('is failure where another test of the file fails alone', () => {
    const other = {...slow, test: 'a > has another'};
    expect(verdictOf([slow], [other])).toMatchObject({
      passed: false,
      lines: expect.arrayContaining(['failed alone: test/a.test.ts > a > has another']),
    });
  });

  it('is failure where a run did not end, or failed without a test', () => {
    expect(verdictOf(undefined, undefined).passed).toBe(false);
    expect(verdictOf([], []).passed).toBe(false);
    expect(verdictOf([slow], undefined)).toMatchObject({
      passed: false,
      lines: [/^failed: /, /too late/].map((pattern) => expect.stringMatching(pattern)),
    });
    expect(verdictOf([stray], [])).toMatchObject({
      passed: false,
      lines: ['failed: outside of all tests', '    it tells no error'],
    });
  });

  it('is short, whatever has failed', () => {
    const many = Array.from({length: 50}, (_, n) =>
      failureOf(`test/${n}.test.ts`, 'x', new Error('1\n2\n3\n4\n5')),
    );
    const {passed, lines} = verdictOf(many, []);
    expect([passed, lines.at(-1)]).toEqual([false, 'and 44 more']);
    expect(lines.length).toBeLessThan(30);
  });
});

describe('the second run', () => {
  it('is of each file once', () => {
    expect(filesToRunAgain([slow, {...slow, test: 'other'}, broken, stray])).toEqual([
      'test/a.test.ts',
      'test/b.test.ts',
    ]);
  });

  it('is not made for a tree that is broken', () => {
    const many = Array.from({length: filesMax + 1}, (_, n) => ({...slow, file: `test/${n}.test.ts`}));
    expect(filesToRunAgain(many)).toEqual([]);
    expect(filesToRunAgain(many.slice(1))).toHaveLength(filesMax);
    expect(filesToRunAgain(undefined)).toEqual([]);
  });
});
