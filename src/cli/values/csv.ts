// One CSV record, as docker reads the values of --output and --secret (Go's encoding/csv): fields between commas, a
// field that starts with a double quote ends at the next single one, and `""` stands for a quote in it.

import type {Problem} from './problem.ts';

/** The fields of `text`. */
export function csvFields(text: string): readonly string[] | Problem {
  const fields: string[] = [];
  let index = 0;
  for (;;) {
    if (text[index] !== '"') {
      const comma = text.indexOf(',', index);
      const field = text.slice(index, comma === -1 ? undefined : comma);
      if (field.includes('"'))
        return {problem: `unexpected double quote in "${field}": quote the whole field`};
      fields.push(field);
      if (comma === -1) return fields;
      index = comma + 1;
      continue;
    }
    const quoted = /"((?:[^"]|"")*)"(,|$)/sy;
    quoted.lastIndex = index;
    const match = quoted.exec(text);
    if (match === null) return {problem: `unfinished double quote in ${text.slice(index)}`};
    fields.push((match[1] ?? '').replaceAll('""', '"'));
    if (match[2] === '') return fields;
    index = quoted.lastIndex;
  }
}

/** The fields as key=value pairs; keys in lower case, as docker has them. */
export function csvPairs(text: string): ReadonlyMap<string, string> | Problem {
  const fields = csvFields(text);
  if ('problem' in fields) return fields;
  const pairs = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals === -1) return {problem: `invalid field '${field}' must be a key=value pair`};
    const key = field.slice(0, equals).trim().toLowerCase();
    if (pairs.has(key)) return {problem: `key "${key}" is given twice`};
    pairs.set(key, field.slice(equals + 1));
  }
  return pairs;
}
