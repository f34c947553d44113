// What several readers do alike: counting arguments, and command lines in shell or exec form.

import {trim} from '../../grammar/blanks.ts';
import type {CommandLine} from './ast.ts';
import type {Report} from './instruction-reader.ts';
import type {Statement, Word} from './statement.ts';

/** The only argument; reports when there is none. */
export function onlyArgument(statement: Statement, report: Report): Word | undefined {
  const [word] = statement.args;
  if (word === undefined) reportMissing(statement, 'exactly one argument', report);
  return word;
}

/** True when there is an argument; reports otherwise. */
export function hasArguments(statement: Statement, report: Report): boolean {
  if (statement.args.length > 0) return true;
  reportMissing(statement, 'at least one argument', report);
  return false;
}

/** The command from argument `first` on. */
export function commandLine({json, args}: Statement, first = 0): CommandLine {
  return {json, args: args.slice(first).map((word) => word.text)};
}

/** Without the blanks around, as docker understands them. */
export function trimBlanks(text: string): string {
  return trim(text);
}

/** A name that must not be empty: `ENV =x`. */
export function reportBlankName(statement: Statement, word: Word, report: Report): void {
  report({
    code: 'dockerfile-blank-name',
    message: `${statement.keyword} names can not be blank`,
    span: word.span,
  });
}

function reportMissing({keyword, keywordWord}: Statement, what: string, report: Report): void {
  report({
    code: 'dockerfile-arguments',
    message: `${keyword} requires ${what}`,
    span: keywordWord.span,
  });
}
