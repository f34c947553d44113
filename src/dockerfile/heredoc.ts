// Heredocs: which words of a line open one, and what the name of one says. Docker looks at the words of the whole
// line, also inside a shell command, so `RUN cat <<EOF && x <<-"Y"` opens two. A line whose quotes do not match opens
// none.

import {expandWords} from './expansion.ts';

export interface HeredocOpening {
  readonly name: string;
  readonly fd: number;
  /** False when the name is quoted. */
  readonly expand: boolean;
  readonly chomp: boolean;
}

const opening = /^(\d*)<<(-?)[\t\n\f\r ]*([^<]*)$/;
const nothing: ReadonlyMap<string, string> = new Map();

/** Heredocs opened on a logical line, in order; `error` when the name of one cannot be read. */
export function heredocsOf(line: string): readonly HeredocOpening[] | {readonly error: string} {
  // The escape directive has no say here: the words are a shell's.
  const options = {escape: '\\', rawQuotes: true, rawEscapes: true, skipUnset: true} as const;
  const words = expandWords(line, nothing, options);
  if ('error' in words) return [];
  const openings: HeredocOpening[] = [];
  for (const word of words.result) {
    const found = readOpening(word);
    if (found === undefined) continue;
    if ('error' in found) return found;
    openings.push(found);
  }
  return openings;
}

/** The heredoc that `word` opens, if it does. */
export function heredocOpening(word: string): HeredocOpening | undefined {
  const found = readOpening(word);
  return found === undefined || 'error' in found ? undefined : found;
}

/** Cuts the leading tabs of every line, as `<<-` asks for. */
export function chompTabs(body: string): string {
  return body.replace(/^\t+/gm, '');
}

function readOpening(word: string): HeredocOpening | {readonly error: string} | undefined {
  const match = word.includes('<<') ? opening.exec(word) : null;
  const written = match?.[3] ?? '';
  if (match === null || written === '') return undefined;
  const plain = expandWords(written, nothing, {escape: '\\', skipUnset: true});
  if ('error' in plain) return plain;
  const name = plain.result[0];
  if (name === undefined || plain.result.length !== 1) return undefined;
  const quoted = expandWords(written, nothing, {escape: '\\', skipUnset: true, rawQuotes: true});
  if ('error' in quoted) return quoted;
  return {
    name,
    fd: Number(match[1] ?? 0),
    // Quotes that disappear have quoted something; escaped ones are in both.
    expand: quotesIn(name) === quotesIn(quoted.result[0] ?? ''),
    chomp: match[2] === '-',
  };
}

function quotesIn(text: string): number {
  return text.replace(/[^'"]/g, '').length;
}
