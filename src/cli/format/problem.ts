// A mistake in a template, shown with a caret below the place.

import {type BuildError, buildError} from '../../diagnostics/build-error.ts';
import {sourceFile} from '../../diagnostics/source-file.ts';

/** A part of the template's text, in UTF-16 units. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

export class TemplateText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  problem(message: string, {start, end}: Place, hint?: string): BuildError {
    const from = this.#at(start);
    const to = this.#at(Math.max(end, start + 1));
    return buildError('usage', 'cli-bad-format', message, {
      file: sourceFile('--format', this.text),
      span: {line: from.line, column: from.column, endLine: to.line, endColumn: to.column},
      ...(hint === undefined ? {} : {hints: [hint]}),
    });
  }

  #at(offset: number): {line: number; column: number} {
    const lines = this.text.slice(0, offset).split('\n');
    return {line: lines.length, column: lines.at(-1)?.length ?? 0};
  }
}
