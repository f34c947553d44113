// The flag --format: of every command that prints rows, and read where it is one of a few words.

import {buildError} from '../../diagnostics/build-error.ts';
import type {AtLeastOne} from '../../util/at-least-one.ts';
import type {FlagValues} from '../flag-values.ts';
import type {Flag} from '../flags.ts';

export function formatFlagFor(help: string): Flag {
  return {name: 'format', value: 'FORMAT', group: 'Output', help};
}

export const formatFlag = formatFlagFor(
  "table, json, 'table {{.Field}}\\t{{.Field}}' or a template of Go's kind (default: table)",
);

/** One of `formats`, the first where nothing is said. Throws BuildError('usage') for any other. */
export function chosenFormat<Format extends string>(flags: FlagValues, formats: AtLeastOne<Format>): Format {
  const text = flags.last('format') ?? formats[0];
  const found = formats.find((format) => format === text);
  if (found !== undefined) return found;
  const expected = `${formats.slice(0, -1).join(', ')} or ${formats.at(-1)}`;
  throw buildError('usage', 'cli-bad-value', `--format expects ${expected}, got "${text}"`);
}
