// Where keys are in a TOML text. The parser gives places for syntax errors only, so messages about values find their
// line here: headers and `key =` lines are read, values are not. A key inside an inline table has the place of its
// line.

import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Span} from '../diagnostics/span.ts';

const keyPart = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*/y;

export class TomlPlaces {
  readonly #places = new Map<string, Span>();

  constructor(file: SourceFile) {
    let table: readonly string[] = [];
    for (let number = 1; number <= file.linesCount; number++) {
      const text = file.line(number) ?? '';
      const header = /^\s*\[\[?/.exec(text);
      const start = header?.[0].length ?? 0;
      const key = readKey(text, start);
      if (key === undefined) continue;
      const closing = text[key.end];
      if (header !== null && closing !== ']') continue;
      if (header === null && closing !== '=') continue;
      const path = header === null ? [...table, ...key.parts] : key.parts;
      if (header !== null) table = path;
      const column = start + (text.slice(start).length - text.slice(start).trimStart().length);
      const end = text.slice(0, key.end).trimEnd().length;
      const span = {line: number, column, endLine: number, endColumn: end};
      // The first place of a path and, for `a.b = 1`, of what is above it.
      for (let length = path.length; length > 0; length--) {
        const id = idOf(path.slice(0, length));
        if (!this.#places.has(id)) this.#places.set(id, span);
      }
    }
  }

  /** The place of `path`, or of the nearest thing that holds it. */
  find(path: readonly string[]): Span | undefined {
    for (let length = path.length; length > 0; length--) {
      const span = this.#places.get(idOf(path.slice(0, length)));
      if (span !== undefined) return span;
    }
    return undefined;
  }
}

function readKey(text: string, start: number): {parts: string[]; end: number} | undefined {
  const parts: string[] = [];
  for (let position = start; ; position++) {
    keyPart.lastIndex = position;
    const match = keyPart.exec(text);
    if (match === null) return undefined;
    parts.push(match[1]?.replace(/\\(.)/g, '$1') ?? match[2] ?? match[3] ?? '');
    position = keyPart.lastIndex;
    if (text[position] !== '.') return {parts, end: position};
  }
}

function idOf(path: readonly string[]): string {
  return JSON.stringify(path);
}
