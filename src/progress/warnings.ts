// The warnings of a build, said once, below everything else: with many steps running they would be lost among output.

import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {excerptOf, tame} from '../diagnostics/excerpt.ts';

const excerptColumns = 110;

/** BuildKit's summary, `3 warnings found:`, for each a line and what stands in the file; empty when there are none. */
export function warningsText(warnings: readonly Diagnostic[]): string {
  if (warnings.length === 0) return '';
  const lines = warnings.map((warning) => {
    const line = warning.span === undefined ? '' : ` (line ${warning.span.line})`;
    return ` - ${warning.code}: ${tame(warning.message)}${line}\n${excerptText(warning)}`;
  });
  return ` ${warnings.length} warning${warnings.length === 1 ? '' : 's'} found:\n${lines.join('')}`;
}

function excerptText({file, span}: Diagnostic): string {
  const text = span === undefined ? undefined : file?.line(span.line);
  if (text === undefined || span === undefined) return '';
  const shown = excerptOf(text.trimEnd(), 0, 0, excerptColumns).text;
  return shown === '' ? '' : `   ${String(span.line).padStart(4)} │ ${shown}\n`;
}
