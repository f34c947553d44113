// A text with a name and a line index: what spans point into.

export interface SourceFile {
  /** As the user wrote it (`Dockerfile`, `docker/app.Dockerfile`, `-`), for messages only. */
  readonly path: string;
  readonly text: string;
  /** Physical lines without their terminators; `lines[0]` is line 1. */
  readonly lines: readonly string[];
}

export function sourceFile(path: string, text: string): SourceFile {
  return {
    path,
    text,
    lines: text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)),
  };
}
