// The text of a .dockerignore as moby/patternmatcher's ignorefile.ReadAll reads it: one pattern a line, `#` starts a
// comment in column 0 only, patterns are trimmed and cleaned, and one leading slash is dropped.

import {clean, trimSpace} from '../util/go-path.ts';
import {patternLengthMax} from './pattern-matcher.ts';

// bufio.Scanner's buffer: a line of this many bytes does not fit, line end included.
const lineBytesMax = 65_536;

/** Each is compared with every path. Docker has no limit. */
const patternsMax = 50_000;

/** Go's bufio.Scanner refused a line, or there are too many. */
export class IgnoreFileError extends Error {
  override readonly name = 'IgnoreFileError';
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

export interface IgnoreLine {
  /** Cleaned, `!` kept in front. */
  readonly pattern: string;
  /** 1-based. */
  readonly line: number;
}

/** Throws IgnoreFileError. */
export function readIgnoreLines(text: string): IgnoreLine[] {
  const lines: IgnoreLine[] = [];
  const withoutMark = text.startsWith('\ufeff') ? text.slice(1) : text;
  let line = 0;
  for (let start = 0, end = 0; end < withoutMark.length; start = end + 1) {
    const newline = withoutMark.indexOf('\n', start);
    end = newline < 0 ? withoutMark.length : newline;
    line++;
    if (end === start) continue;
    const written = withoutMark.slice(start, end);
    if (written.length * 3 >= lineBytesMax && Buffer.byteLength(written) >= lineBytesMax) {
      throw new IgnoreFileError('bufio.Scanner: token too long', 'a line can have up to 65535 bytes');
    }
    if (written.length > patternLengthMax && !written.startsWith('#') && trimSpace(written) !== '') {
      const hint = `line ${line} has ${written.length}`;
      throw new IgnoreFileError(`pattern longer than ${patternLengthMax} characters`, hint);
    }
    const pattern = patternOfLine(written);
    if (pattern !== undefined) lines.push({pattern, line});
    if (lines.length > patternsMax) {
      throw new IgnoreFileError(
        `more than ${patternsMax} patterns`,
        'name directories instead of the files in them',
      );
    }
  }
  return lines;
}

/** The patterns alone. Throws IgnoreFileError. */
export function readIgnoreFile(text: string): string[] {
  return readIgnoreLines(text).map(({pattern}) => pattern);
}

function patternOfLine(line: string): string | undefined {
  if (line.startsWith('#')) return undefined;
  const trimmed = trimSpace(line);
  if (trimmed === '') return undefined;
  const inverted = trimmed.startsWith('!');
  const written = inverted ? trimSpace(trimmed.slice(1)) : trimmed;
  return `${inverted ? '!' : ''}${written === '' ? '' : withoutLeadingSlash(clean(written))}`;
}

function withoutLeadingSlash(path: string): string {
  return path.length > 1 && path.startsWith('/') ? path.slice(1) : path;
}
