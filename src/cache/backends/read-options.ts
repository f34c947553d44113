// Options of one --cache-from or --cache-to: known or refused, with the name that was probably meant.

import {type BuildError, buildError} from '../../diagnostics/build-error.ts';
import {suggest} from '../../util/suggest.ts';

export function badCacheOption(type: string, text: string, hint?: string): BuildError {
  const hints = hint === undefined ? {} : {hints: [hint]};
  return buildError('usage', 'cache-bad-option', `cache type=${type} ${text}`, hints);
}

export function checkKnown(
  type: string,
  options: ReadonlyMap<string, string>,
  known: readonly string[],
): void {
  for (const key of options.keys()) {
    if (known.includes(key)) continue;
    const near = suggest(key, known);
    const hint = near === undefined ? `expected ${known.join(', ')}` : `did you mean ${near}?`;
    throw badCacheOption(type, `has no option "${key}"`, hint);
  }
}

export function requiredOption(
  type: string,
  options: ReadonlyMap<string, string>,
  key: string,
  otherwise?: string,
): string {
  const value = options.get(key) ?? otherwise;
  if (value === undefined || value === '') throw badCacheOption(type, `needs ${key}=…`);
  return value;
}

export function booleanOption(
  type: string,
  options: ReadonlyMap<string, string>,
  key: string,
): boolean | undefined {
  const value = options.get(key);
  if (value === undefined) return undefined;
  if (['true', '1'].includes(value.toLowerCase())) return true;
  if (['false', '0'].includes(value.toLowerCase())) return false;
  throw badCacheOption(type, `expects ${key}=true or ${key}=false, got "${value}"`);
}
