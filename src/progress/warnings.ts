// The warnings of a build, said once, below everything else: with many steps running they would be lost among output.

import type {Diagnostic} from '../diagnostics/diagnostic.ts';

/** BuildKit's summary, `3 warnings found:` and a line for each; empty when there are none. */
export function warningsText(warnings: readonly Diagnostic[]): string {
  if (warnings.length === 0) return '';
  const lines = warnings.map((warning) => {
    const line = warning.span === undefined ? '' : ` (line ${warning.span.line})`;
    return ` - ${warning.code}: ${warning.message}${line}\n`;
  });
  return ` ${warnings.length} warning${warnings.length === 1 ? '' : 's'} found:\n${lines.join('')}`;
}
