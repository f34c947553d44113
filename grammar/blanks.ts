// Which characters are blank. Docker's parser is written in Go and uses two notions: `unicode.IsSpace` where it trims
// and where it splits quoted words, and tab, VT, FF, CR and space where it splits plain words. JavaScript's \s is a
// third one (it adds U+FEFF and lacks U+0085), so it is not used on Dockerfile text.

const spaces = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const leading = new RegExp(`^[${spaces}]+`);
const trailing = new RegExp(`[${spaces}]+$`);
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

export function trimStart(text: string): string {
  return text.replace(leading, '');
}

export function trimEnd(text: string): string {
  // The regular expression alone would be quadratic on a line of inner blanks.
  return text.length > 0 && isBlank(text.charAt(text.length - 1)) ? trimEndSlowly(text) : text;
}

export function trim(text: string): string {
  return trimEnd(trimStart(text));
}

function trimEndSlowly(text: string): string {
  let end = text.length;
  while (end > 0 && trailing.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
