// The only drawer of excerpts: diagnostics as text for a terminal or a log.
//
//   error[dockerfile-unknown-flag]: unknown flag: --form
//    --> Dockerfile:7:6
//     6 │ WORKDIR /app
//   > 7 │ COPY --form=build /out /app
//       │      ^^^^^^
//     8 │ CMD ["/app"]
//     hint: did you mean --from?

import {maskedCredentials} from '../util/url-credentials.ts';
import type {Diagnostic} from './diagnostic.ts';
import {displayWidth, excerptOf, tame} from './excerpt.ts';
import type {SourceFile} from './source-file.ts';
import type {Span} from './span.ts';

export interface RenderOptions {
  /** With ANSI colours. */
  readonly color: boolean;
  /** Width of the terminal; 0 for unlimited. */
  readonly columns: number;
}

/** Lines shown around the place. */
const contextLines = 2;
/** Diagnostics shown of more. */
const shownMax = 100;
/** Columns shown of a line where the terminal has no end, as a file has none. */
const excerptColumnsMax = 1000;
/** Lines shown of a place with many. */
const placeLinesMax = 5;

type Paint = (text: string) => string;

interface Palette {
  readonly error: Paint;
  readonly warning: Paint;
  readonly dim: Paint;
  readonly hint: Paint;
  readonly bold: Paint;
}

/** The diagnostics one below the other, an empty line between; ends in a newline unless there are none. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  const palette = paletteFor(options.color);
  const shown = diagnostics
    .slice(0, shownMax)
    .map((diagnostic) => `${render(diagnostic, options, palette)}\n`);
  const rest = diagnostics.length - shown.length;
  if (rest > 0) shown.push(palette.dim(`and ${rest} more\n`));
  return shown.join('\n');
}

function render(diagnostic: Diagnostic, options: RenderOptions, palette: Palette): string {
  const {severity, code, message, file, span} = diagnostic;
  const paint = severity === 'error' ? palette.error : palette.warning;
  const lines = [`${paint(`${severity}[${code}]`)}${palette.bold(`: ${tame(message)}`)}`];
  if (file !== undefined && span !== undefined) {
    lines.push(palette.dim(` --> ${file.path}:${span.line}:${span.column + 1}`));
    lines.push(...excerpt(file, span, options, palette, paint));
  } else if (file !== undefined) lines.push(palette.dim(` --> ${file.path}`));
  for (const note of diagnostic.notes ?? []) lines.push(`  ${tame(note)}`);
  for (const hint of diagnostic.hints ?? []) lines.push(`  ${palette.hint('hint:')} ${tame(hint)}`);
  if (diagnostic.url !== undefined) lines.push(`  ${palette.dim(`see ${diagnostic.url}`)}`);
  return lines.join('\n');
}

function excerpt(
  file: SourceFile,
  span: Span,
  options: RenderOptions,
  palette: Palette,
  paint: Paint,
): readonly string[] {
  const last = Math.min(span.endLine, span.line + placeLinesMax - 1, file.linesCount);
  const from = Math.max(1, span.line - contextLines);
  // The empty line behind the last newline is no line to look at.
  const linesCount = file.linesCount - (file.line(file.linesCount) === '' ? 1 : 0);
  const to = Math.max(last, Math.min(linesCount, last + contextLines));
  const numberWidth = String(to).length;
  const width = options.columns > 0 ? Math.max(20, options.columns - numberWidth - 5) : excerptColumnsMax;
  const lines: string[] = [];
  for (let number = from; number <= to; number++) {
    const inPlace = number >= span.line && number <= last;
    const text = maskedCredentials(file.line(number) ?? '');
    const marked = number === span.line && span.line === span.endLine;
    const part = excerptOf(text, marked ? span.column : 0, marked ? span.endColumn : 0, width);
    const margin = `${inPlace ? '>' : ' '} ${String(number).padStart(numberWidth)}`;
    lines.push(`${inPlace ? paint(margin) : palette.dim(margin)} ${palette.dim('│')} ${part.text}`.trimEnd());
    if (!marked) continue;
    const carets = '^'.repeat(Math.max(1, displayWidth(part.marked)));
    const indent = ' '.repeat(displayWidth(part.before));
    lines.push(`${' '.repeat(numberWidth + 2)} ${palette.dim('│')} ${indent}${paint(carets)}`);
  }
  if (span.endLine > last) lines.push(`${' '.repeat(numberWidth + 2)} ${palette.dim('│')} …`);
  return lines;
}

function paletteFor(color: boolean): Palette {
  const paint = (code: string): Paint =>
    color ? (text) => `\u001b[${code}m${text}\u001b[0m` : (text) => text;
  return {
    error: paint('1;31'),
    warning: paint('1;33'),
    dim: paint('2'),
    hint: paint('36'),
    bold: paint('1'),
  };
}
