// --output: `type=TYPE,key=value…`, a bare path (type=local) or `-` (a tar on standard output). Which types and keys
// there are is the exporters' affair.

import {csvFields} from './csv.ts';
import type {Problem} from './problem.ts';

export interface Output {
  readonly type: string;
  readonly options: ReadonlyMap<string, string>;
}

/** Gives nothing for an empty text, such as that of a variable that is not set: as buildx has it. */
export function parseOutput(text: string): Output | Problem | [] {
  if (text === '') return [];
  const fields = csvFields(text);
  if ('problem' in fields) return {problem: `--output ${text}: ${fields.problem}`};
  if (fields.length === 1 && !text.includes('=')) {
    return text === '-'
      ? {type: 'tar', options: new Map([['dest', '-']])}
      : {type: 'local', options: new Map([['dest', text]])};
  }
  const options = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals === -1) return {problem: `--output ${text}: expected KEY=VALUE, got "${field}"`};
    // Annotation keys are case-sensitive, all others are not.
    const key = field.slice(0, equals).trim();
    const name = key.startsWith('annotation') ? key : key.toLowerCase();
    if (options.has(name)) return {problem: `--output ${text}: key "${name}" is given twice`};
    options.set(name, field.slice(equals + 1));
  }
  const type = options.get('type');
  if (type === undefined || type === '') {
    return {problem: `--output ${text}: type is missing, such as type=oci or type=local`};
  }
  options.delete('type');
  return {type, options};
}
