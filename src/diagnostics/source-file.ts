// A text with a name and a line index: what spans point into. Lines are cut when somebody asks for one, so that a text
// of millions of lines costs no more than itself.

export interface SourceFile {
  /** As the user wrote it (`Dockerfile`, `docker/app.Dockerfile`, `-`), for messages only. */
  readonly path: string;
  readonly text: string;
  /** Of physical lines; an empty one behind the last newline counts. */
  readonly linesCount: number;
  /** Physical line `number`, from 1, without its terminator; undefined where there is none. */
  line(number: number): string | undefined;
}

export function sourceFile(path: string, text: string): SourceFile {
  return new IndexedText(path, text);
}

/** Lines from one entry of the index to the next. */
const stride = 64;

interface LineIndex {
  /** Where line 1 begins, and every `stride`th after it. */
  readonly starts: readonly number[];
  readonly count: number;
}

class IndexedText implements SourceFile {
  readonly path: string;
  readonly text: string;
  #index: LineIndex | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  get linesCount(): number {
    this.#index ??= indexOf(this.text);
    return this.#index.count;
  }

  line(number: number): string | undefined {
    this.#index ??= indexOf(this.text);
    const {starts, count} = this.#index;
    if (number < 1 || number > count) return undefined;
    let start = starts[Math.floor((number - 1) / stride)] ?? 0;
    for (let skipped = (number - 1) % stride; skipped > 0; skipped--)
      start = this.text.indexOf('\n', start) + 1;
    const end = this.text.indexOf('\n', start);
    const line = this.text.slice(start, end < 0 ? undefined : end);
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}

function indexOf(text: string): LineIndex {
  const starts = [0];
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (count % stride === 0) starts.push(at + 1);
    count++;
  }
  return {starts, count};
}
