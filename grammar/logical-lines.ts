// Physical lines to logical lines: what stands between two instructions. Takes care of the byte order mark, CRLF,
// continuations, comments (also inside a continuation), empty lines in continuations and heredoc bodies, and keeps a
// map from the joined text back to the source, so that a token deep in a continued line still has an exact place.

import {blanksBefore, trim, trimStart} from './blanks.ts';
import {DirectiveBlock} from './directives.ts';

/** Docker reads lines through a 64 KiB buffer that must hold the newline too. */
export const lineBytesMax = 65_535;

/**
 * Characters of one instruction, heredocs and comments not counted. Ours: docker has no limit, but Linux takes no
 * argument of more than 128 KiB, so that no RUN comes near it.
 */
const instructionLengthMax = 262_144;

/** Text from `offset` on (to the next segment) stands at `line`, `column` of the source. */
export interface Segment {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export interface LogicalLine {
  /** Joined text; its beginning has no blanks, the beginnings of continuation lines keep theirs. */
  readonly text: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly segments: readonly Segment[];
  /** Comments above, since the last instruction. */
  readonly comments: readonly string[];
  /** There was an empty line inside the continuation. */
  readonly emptyContinuation: boolean;
}

export interface LineProblem {
  readonly kind: 'repeated-directive' | 'bad-escape' | 'line-too-long' | 'instruction-too-long';
  readonly line: number;
  /** Name or value of the directive. */
  readonly detail: string;
}

export class LineReader {
  readonly #text: string;
  readonly #directiveBlock = new DirectiveBlock();
  readonly problems: LineProblem[] = [];
  #escape: '\\' | '`' = '\\';
  /** Where the next line begins. */
  #next = 0;
  #isStopped = false;
  /** Lines read so far, so also the number of the current line. */
  #count = 0;
  #comments: string[] = [];
  /** The comment at hand is a directive, which documents nothing. */
  #isDirective = false;

  constructor(text: string) {
    this.#text = text;
  }

  get escape(): '\\' | '`' {
    return this.#escape;
  }

  get linesRead(): number {
    return this.#count;
  }

  /** The next logical line that is not empty, or undefined at the end. */
  next(): LogicalLine | undefined {
    for (let raw = this.#take(); raw !== undefined; raw = this.#take()) {
      const line = trimNewline(raw);
      const start = this.#count === 1 && line.startsWith('\ufeff') ? 1 : 0;
      const content = trimStart(line.slice(start));
      const column = line.length - content.length;
      this.#readDirective(content);
      if (content.startsWith('#')) {
        this.#keepComment(line.slice(start));
        continue;
      }
      const {text, continues} = cutContinuation(content, this.#escape);
      if (text === '' && !continues) continue;
      return this.#join(text, continues, column);
    }
    return undefined;
  }

  /** Reads a heredoc body up to `name` alone on a line; undefined when the file ends before. */
  readHeredoc(name: string, chomp: boolean): string | undefined {
    const start = this.#next;
    for (let at = start, raw = this.#take(); raw !== undefined; at = this.#next, raw = this.#take()) {
      const line = trimNewline(raw);
      if ((chomp ? line.replace(/^\t+/, '') : line) === name) return this.#text.slice(start, at);
    }
    return undefined;
  }

  /** Reads no further, whatever follows. */
  stop(): void {
    this.#isStopped = true;
  }

  #take(): string | undefined {
    if (this.#isStopped || this.#next >= this.#text.length) return undefined;
    const newline = this.#text.indexOf('\n', this.#next);
    const end = newline < 0 ? this.#text.length : newline;
    const length = end - this.#next;
    if (length > lineBytesMax / 3) {
      const isTooLong = length > lineBytesMax || utf8Length(this.#text.slice(this.#next, end)) > lineBytesMax;
      if (isTooLong) return this.#refuse('line-too-long', this.#count + 1, lineBytesMax);
    }
    const line = this.#text.slice(this.#next, end);
    this.#next = end + 1;
    this.#count++;
    return line;
  }

  #refuse(kind: LineProblem['kind'], line: number, limit: number): undefined {
    this.problems.push({kind, line, detail: String(limit)});
    this.stop();
    return undefined;
  }

  #join(first: string, firstContinues: boolean, column: number): LogicalLine | undefined {
    const firstLine = this.#count;
    const segments: Segment[] = [{offset: 0, line: firstLine, column}];
    let text = first;
    let continues = firstContinues;
    let emptyContinuation = false;
    while (continues) {
      const raw = this.#take();
      if (raw === undefined) break;
      const line = trimNewline(raw);
      const visible = line.charAt(blanksBefore(line));
      if (visible === '#') continue;
      if (visible === '') {
        emptyContinuation = true;
        continue;
      }
      const part = cutContinuation(line, this.#escape);
      continues = part.continues;
      if (part.text === '') continue;
      segments.push({offset: text.length, line: this.#count, column: 0});
      text += part.text;
      if (text.length > instructionLengthMax) {
        return this.#refuse('instruction-too-long', firstLine, instructionLengthMax);
      }
    }
    const comments = this.#comments;
    this.#comments = [];
    return {text, firstLine, lastLine: this.#count, segments, comments, emptyContinuation};
  }

  #readDirective(line: string): void {
    const found = this.#directiveBlock.read(line);
    if (found === undefined) return;
    const {name, value} = found.directive;
    if (found.repeated) this.problems.push({kind: 'repeated-directive', line: this.#count, detail: name});
    else if (name === 'escape' && (value === '\\' || value === '`')) this.#escape = value;
    else if (name === 'escape') this.problems.push({kind: 'bad-escape', line: this.#count, detail: value});
    this.#isDirective = true;
  }

  /** Docker cuts the first character, whatever it is: an indented comment keeps its `#`. */
  #keepComment(line: string): void {
    const comment = trim(line.slice(1));
    if (comment === '') this.#comments = [];
    else if (!this.#isDirective) this.#comments.push(comment);
    this.#isDirective = false;
  }
}

/** Where the character at `offset` of a logical line stands. */
export function placeOf(line: LogicalLine, offset: number): {readonly line: number; readonly column: number} {
  let low = 0;
  for (let high = line.segments.length - 1; low < high; ) {
    const middle = (low + high + 1) >> 1;
    if ((line.segments[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const segment = line.segments[low] ?? {offset: 0, line: line.firstLine, column: 0};
  return {line: segment.line, column: segment.column + offset - segment.offset};
}

/** Blanks may follow the escape character; two of them in a row do not continue the line. */
function cutContinuation(
  line: string,
  escapeCharacter: string,
): {readonly text: string; readonly continues: boolean} {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end--;
  const continues = end > 0 && line[end - 1] === escapeCharacter && line[end - 2] !== escapeCharacter;
  return continues ? {text: line.slice(0, end - 1), continues} : {text: line, continues};
}

function trimNewline(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === '\r') end--;
  return line.slice(0, end);
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}
