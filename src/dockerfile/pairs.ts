// The pairs of ENV and LABEL: `key=value` words, or a key and the rest of the line without an equals sign (the old
// form). Quotes stay in the values; the expansion of variables takes them off.

import type {KeyValue} from './ast.ts';
import type {Report} from './instruction-reader.ts';
import {hasArguments, reportBlankName} from './reading.ts';
import type {Statement} from './statement.ts';

/** Reports and gives undefined when there are no pairs, or a name is empty. */
export function readPairs(statement: Statement, report: Report): readonly KeyValue[] | undefined {
  if (!hasArguments(statement, report)) return undefined;
  const pairs = pairsOf(statement);
  const blank = statement.args.filter((_, index) => pairs[index]?.key === '');
  for (const word of blank) reportBlankName(statement, word, report);
  return blank.length > 0 ? undefined : pairs;
}

export function pairsOf({args}: Statement): readonly KeyValue[] {
  const [key, value] = args;
  // The grammar gives two words, the first without an equals sign, or any number of words that have one.
  if (key !== undefined && value !== undefined && !hasEquals(key.text)) {
    return [{key: key.text, value: value.text, legacy: true}];
  }
  return args.map(({text}) => {
    const equals = text.indexOf('=');
    return {key: text.slice(0, equals), value: text.slice(equals + 1), legacy: false};
  });
}

function hasEquals(text: string): boolean {
  return text.includes('=');
}
