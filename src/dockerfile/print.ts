// A Dockerfile from its statements: the text that says exactly what was read. One line for each instruction, with the
// comments above it and its heredocs below, one blank between words (but in triggers), no continuations. Parsing it
// again gives the same instructions, and test/dockerfile/print.test.ts holds that for nonsense, too.

import {trim} from '../../grammar/blanks.ts';
import type {Dockerfile, Flag} from './ast.ts';
import type {Statement} from './statement.ts';

export function printDockerfile(
  statements: readonly Statement[],
  {escape: character, directives}: Pick<Dockerfile, 'directives' | 'escape'>,
): string {
  const written = Object.entries({...directives, ...(character === '\\' ? {} : {escape: character})});
  // The empty line ends the directives: a comment that looks like one stays a comment.
  const head = [...written.map(([name, value]) => `# ${name}=${value}`), ''];
  const texts = statements.map((statement) => printStatement(statement, character));
  return [...head, ...texts, ''].join('\n');
}

function printStatement(statement: Statement, character: string): string {
  const comments = statement.comments.map((comment) => `# ${comment}`);
  const bodies = statement.heredocs.map(({name, raw}) => `${raw}${name}`);
  const line = lineOf(statement);
  // Blanks are cut off at the end, this one too, but behind the escape character only blank and tab continue a line.
  const guard = line.endsWith(character) ? '\u00a0' : '';
  return [...comments, line + guard, ...bodies].join('\n');
}

function lineOf({keywordWord, flags, json, args, nested, keyword, line}: Statement): string {
  // An image keeps its triggers as they are written, blanks and all.
  if (nested !== undefined) return trim(line);
  const texts = args.map(({text}) => text);
  // HEALTHCHECK's first word is no part of its array.
  const type = json && keyword === 'HEALTHCHECK' ? texts.splice(0, 1) : [];
  const words = json ? [...type, JSON.stringify(texts)] : texts;
  const end = words[0]?.startsWith('--') === true ? ['--'] : [];
  return [keywordWord.text, ...flags.map(printFlag), ...end, ...words].join(' ');
}

/** Quotes and backslashes are taken off when flags are read, whatever the escape character of the file is. */
function printFlag({text}: Flag): string {
  const value = text.slice(2);
  return /[\s'"\\]/u.test(value) ? `--"${value.replace(/["\\]/g, '\\$&')}"` : text;
}
