// --cache-from and --cache-to: `type=TYPE,key=value…`, or references, which are caches in registries. Which types and
// keys there are is the caches' affair.

import type {CacheSpec} from '../../build/request.ts';
import {csvFields, csvPairs} from './csv.ts';
import type {Problem} from './problem.ts';

/** An empty value, as scripts give it whose variable is not set, is no cache. */
export function parseCaches(flag: string, text: string): readonly CacheSpec[] | Problem {
  if (text === '') return [];
  if (text.includes('=')) {
    const spec = parseSpec(flag, text);
    return 'problem' in spec ? spec : [spec];
  }
  const references = csvFields(text);
  if ('problem' in references) return {problem: `${flag} ${text}: ${references.problem}`};
  return references.map((reference) => ({type: 'registry', options: new Map([['ref', reference]])}));
}

function parseSpec(flag: string, text: string): CacheSpec | Problem {
  const pairs = csvPairs(withMountList(text));
  if ('problem' in pairs) return {problem: `${flag} ${text}: ${pairs.problem}`};
  const options = new Map(pairs);
  const type = options.get('type');
  options.delete('type');
  if (type === undefined || type === '') {
    return {problem: `${flag} ${text}: type is missing, such as type=registry or type=local`};
  }
  return {type, options};
}

/** `mounts=a,b` without quotes: what has no `=` behind it goes with it, as nothing else could be meant. */
function withMountList(text: string): string {
  return text.replace(/(^|,)(mounts=[^,"=]*(?:,[^,"=]+(?=,|$))+)/i, '$1"$2"');
}
