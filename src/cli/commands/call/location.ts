// Places and members as BuildKit's subrequests write them.

import type {Span} from '../../../diagnostics/span.ts';

export function locationOf({line, endLine}: Span): object {
  const ranges = Array.from({length: endLine - line + 1}, (_, index) => ({
    start: {line: line + index},
    end: {line: line + index},
  }));
  return {ranges};
}

/** Go's `omitempty`. */
export function withoutBlanks(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
}
