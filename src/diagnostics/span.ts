// A place in a SourceFile: 1-based lines, 0-based UTF-16 columns; `endColumn` is exclusive.

export interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** The smallest span that holds both. */
export function joinSpans(a: Span, b: Span): Span {
  const first = a.line < b.line || (a.line === b.line && a.column <= b.column) ? a : b;
  const last = a.endLine > b.endLine || (a.endLine === b.endLine && a.endColumn >= b.endColumn) ? a : b;
  return {line: first.line, column: first.column, endLine: last.endLine, endColumn: last.endColumn};
}
