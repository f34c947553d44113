import {describe, expect, it} from 'vitest';
import {runDebugShell} from '../../../../src/cli/commands/debug/shell.ts';
import {memoryIo} from '../../memory-io.ts';

async function ask(...questions: object[]): Promise<unknown[]> {
  const io = memoryIo({stdin: questions.map((question) => `${JSON.stringify(question)}\n`).join('\n')});
  expect(await runDebugShell([], io)).toBe(0);
  return io
    .out()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('runDebugShell', () => {
  it('answers each line with the word and its words', async () => {
    expect(await ask({word: 'x $A $B', env: ['A=a b'], escape: '\\'}, {word: "'"})).toEqual([
      {
        word: {result: 'x a b ', matched: ['A'], unmatched: ['B']},
        words: {result: ['x', 'a', 'b'], matched: ['A'], unmatched: ['B']},
      },
      {
        word: {error: expect.stringContaining('single-quote')},
        words: {error: expect.stringContaining('single-quote')},
      },
    ]);
  });

  it('keeps quotes and unset variables where rawQuotes is set', async () => {
    expect(await ask({word: '"$A"$B', env: ['A=1', 'A=2', 'C'], rawQuotes: true})).toMatchObject([
      {word: {result: '"2"$B'}},
    ]);
  });

  it.each(['nonsense', '{}', '[]', '{"word": 1}'])('refuses %s', async (line) => {
    const io = memoryIo({stdin: `\n${line}\n`});
    expect(await runDebugShell([], io)).toBe(2);
    expect(io.err()).toMatch(/^line 2 is not /);
  });

  it('takes no arguments', async () => {
    expect(await runDebugShell(['x'], memoryIo())).toBe(2);
  });
});
