// tsbuild/BrokenExecForm: `CMD ['node', 'app.js']` is no JSON, so docker takes it as a line for the shell, which looks
// for a program called `[node,`. So are a comma behind the last word and curly quotes. A test, `[ -f x ]`, is meant.

import type {Instruction} from '../../../dockerfile/ast.ts';
import type {LintRule} from '../../rule.ts';

const word = `(?:'[^']*'|"[^"]*"|[\\u2018\\u201c][^\\u2019\\u201d]*[\\u2019\\u201d])`;
/** Quoted words with commas between them. What is sound never gets here. */
const almostArray = new RegExp(`^\\[\\s*${word}(?:\\s*,\\s*${word})*\\s*,?\\s*\\]$`);

export const brokenExecForm: LintRule = {
  name: 'tsbuild/BrokenExecForm',
  description: 'The exec form is a JSON array: double quotes, and no comma behind the last word',
  start: ({report}) => ({
    onInstruction({instruction, span}) {
      const text = lineOf(instruction);
      if (text === undefined || !almostArray.test(text)) return;
      // `[ "$a" ]` is a test of the shell.
      if (!text.includes(',') && /^\[\s/.test(text)) return;
      const {comments, keyword} = instruction;
      report(
        {span, comments},
        `${keyword} ${text} is no JSON array and is taken as plain text: put double quotes around each word, and commas between them only`,
      );
    },
  }),
};

/** The arguments as they are written, of instructions that know an exec form and were not given one. */
function lineOf(instruction: Instruction): string | undefined {
  switch (instruction.keyword) {
    case 'RUN':
    case 'CMD':
    case 'ENTRYPOINT':
      return instruction.command.json ? undefined : instruction.command.args.join(' ').trim();
    case 'HEALTHCHECK':
      return instruction.command?.json === false ? instruction.command.args.join(' ').trim() : undefined;
    case 'VOLUME':
      return instruction.volumes.join(' ');
    case 'COPY':
    case 'ADD':
      return [...instruction.sources, instruction.destination].join(' ');
    default:
      return undefined;
  }
}
