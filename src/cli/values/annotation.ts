// --annotation, as buildx has it: `[LEVEL[,LEVEL…][[PLATFORM]]:]KEY=VALUE`. It becomes options of the outputs, whose
// spelling it shares.

import type {Problem} from './problem.ts';

const levels = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'];
const prefix = /^((?:[a-z-]+(?:\[[A-Za-z0-9_/.-]+\])?,)*[a-z-]+(?:\[[A-Za-z0-9_/.-]+\])?):(.*)$/s;

/** Options such as `annotation-index.KEY`, with their value. */
export function parseAnnotation(text: string): readonly (readonly [string, string])[] | Problem {
  const equals = text.indexOf('=');
  if (equals < 1) return {problem: `--annotation expects [LEVEL:]KEY=VALUE, got "${text}"`};
  const value = text.slice(equals + 1);
  const [, places, key] = prefix.exec(text.slice(0, equals)) ?? [];
  if (places === undefined || key === undefined) return [[`annotation.${text.slice(0, equals)}`, value]];
  const options: (readonly [string, string])[] = [];
  for (const place of places.split(',')) {
    const level = place.replace(/\[.*/, '');
    if (!levels.includes(level)) {
      return {problem: `--annotation ${text}: unknown level "${level}", expected ${levels.join(', ')}`};
    }
    if (key === '') return {problem: `--annotation expects [LEVEL:]KEY=VALUE, got "${text}"`};
    options.push([`annotation-${place}.${key}`, value]);
  }
  return options;
}
