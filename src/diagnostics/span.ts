// A place in a SourceFile: 1-based lines, 0-based UTF-16 columns; `endColumn` is exclusive.

export interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}
