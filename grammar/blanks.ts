// Which characters are blank. Docker's parser is written in Go and uses two notions: `unicode.IsSpace` where it trims
// and where it splits quoted words, and tab, VT, FF, CR and space where it splits plain words. JavaScript's \s is a
// third one (it adds U+FEFF and lacks U+0085), so it is not used on Dockerfile text.

const spaces = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const one = new RegExp(`^[${spaces}]$`);

/** A run of blanks at `lastIndex`. */
export const blanksAt = new RegExp(`[${spaces}]+`, 'y');

/** A run of characters that split no plain word, at `lastIndex`. */
export const plainWordAt = /[^\t\v\f\r ]+/y;

export function isBlank(character: string): boolean {
  return (
    character === ' ' ||
    character === '\t' ||
    (character > '~' || character < ' ' ? one.test(character) : false)
  );
}

/** How many there are at the beginning. */
export function blanksBefore(text: string): number {
  let count = 0;
  while (count < text.length && isBlank(text.charAt(count))) count++;
  return count;
}

export function trimStart(text: string): string {
  const count = blanksBefore(text);
  return count === 0 ? text : text.slice(count);
}

export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank(text.charAt(end - 1))) end--;
  return end === text.length ? text : text.slice(0, end);
}

export function trim(text: string): string {
  return trimEnd(trimStart(text));
}
