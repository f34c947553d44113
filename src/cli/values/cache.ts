// --cache-from and --cache-to: `type=TYPE,key=value…`, or a reference, which is a cache in a registry. Which types and
// keys there are is the caches' affair.

import type {CacheSpec} from '../../build/request.ts';
import {csvPairs} from './csv.ts';
import type {Problem} from './problem.ts';

export function parseCache(flag: string, text: string): CacheSpec | Problem {
  if (text === '') return {problem: `${flag} is empty: expected type=TYPE[,KEY=VALUE…] or a reference`};
  if (!/[=,]/.test(text)) return {type: 'registry', options: new Map([['ref', text]])};
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
