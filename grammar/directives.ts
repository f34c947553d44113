// Parser directives: the block of `# syntax=`, `# escape=` and `# check=` comments at the very top of a file. Anything
// else, an unknown directive and a blank line included, ends the block. `syntax` is also found behind a `#!` line, as
// `// syntax=` and as JSON, since a frontend other than Dockerfile's may be asked for.

import {trimStart} from './blanks.ts';

export type DirectiveName = 'syntax' | 'escape' | 'check';

export interface Directive {
  readonly name: DirectiveName;
  readonly value: string;
}

const pattern = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*$/;

/** Feed it line after line; it knows when the block is over. */
export class DirectiveBlock {
  readonly #comment: string;
  readonly #seen = new Set<DirectiveName>();
  #over = false;

  constructor(comment = '#') {
    this.#comment = comment;
  }

  /** The directive on `line`, which begins with its first visible character. */
  read(line: string): {readonly directive: Directive; readonly repeated: boolean} | undefined {
    if (this.#over) return undefined;
    const match = line.startsWith(this.#comment)
      ? pattern.exec(trimStart(line.slice(this.#comment.length)))
      : null;
    const name = match?.[1]?.toLowerCase();
    if (!isDirectiveName(name)) {
      this.#over = true;
      return undefined;
    }
    const repeated = this.#seen.has(name);
    // Docker reads no further; here one mistake of the kind is enough.
    if (repeated) this.#over = true;
    this.#seen.add(name);
    return {directive: {name, value: match?.[2] ?? ''}, repeated};
  }
}

/** The frontend that a file asks for (`docker/dockerfile:1`), in any of the forms above, without its options. */
export function detectSyntax(text: string): string | undefined {
  const body = withoutPreamble(text);
  const value = blockValue(body, 'syntax', '#') ?? blockValue(body, 'syntax', '//');
  return value === undefined ? jsonSyntax(body) : value.split(' ', 1)[0];
}

/** Value of a directive in a file's block of `#` comments. */
export function detectDirective(text: string, name: DirectiveName): string | undefined {
  return blockValue(withoutPreamble(text), name, '#');
}

function isDirectiveName(name: string | undefined): name is DirectiveName {
  return name === 'syntax' || name === 'escape' || name === 'check';
}

function withoutPreamble(text: string): string {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (!body.startsWith('#!')) return body;
  const end = body.indexOf('\n');
  return end < 0 ? '' : body.slice(end + 1);
}

function blockValue(body: string, name: DirectiveName, comment: string): string | undefined {
  const block = new DirectiveBlock(comment);
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf('\n', start);
    const end = newline < 0 ? body.length : newline;
    const found = block.read(body.slice(start, end));
    if (found === undefined || found.repeated) return undefined;
    if (found.directive.name === name) return found.directive.value;
    start = end + 1;
  }
  return undefined;
}

function jsonSyntax(body: string): string | undefined {
  if (!trimStart(body).startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('syntax' in value)) return undefined;
    return typeof value.syntax === 'string' ? value.syntax : undefined;
  } catch {
    return undefined;
  }
}
