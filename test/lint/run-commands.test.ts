import {describe, expect, it} from 'vitest';
import type {RunInstruction} from '../../src/dockerfile/ast.ts';
import {parseInstructionText} from '../../src/instructions/readers.ts';
import {commandsOf} from '../../src/lint/run-commands.ts';

function commands(text: string): readonly string[] {
  const {instruction} = parseInstructionText(text);
  return commandsOf(instruction as RunInstruction).map((words) => words.join(' '));
}

describe('commandsOf', () => {
  it.each([
    ['RUN a -x && b; c | d || e', ['a -x', 'b', 'c', 'd', 'e']],
    ['RUN set -eux; A=1 sudo a b', ['a b']],
    ['RUN <<EOF\na\nb c\nEOF', ['<<EOF', 'a', 'b c']],
    ['RUN ["a", "b && c"]', ['a b && c']],
    ['RUN ["sh", "-c", "a && b"]', ['a', 'b']],
  ])('%j', (text, expected) => {
    expect(commands(text)).toEqual(expected);
  });
});
