// One line of source made fit to print: tabs become blanks, control characters visible, and a line too long for the
// terminal is cut around the place that is talked about.

export interface Excerpt {
  /** What to print. */
  readonly text: string;
  /** Its parts before and at the place, for measuring. */
  readonly before: string;
  readonly marked: string;
}

const tab = '    ';
const ellipsis = '…';

/** Characters `start` to `end` (UTF-16) of `line` are the place; `width` is in columns of the terminal. */
export function excerptOf(line: string, start: number, end: number, width: number): Excerpt {
  // No more is looked at than can be shown: a line may have millions of characters.
  const isCut = start > width;
  const before = (isCut ? ellipsis : '') + printable(line.slice(isCut ? start - width : 0, start));
  const marked = printable(line.slice(start, Math.min(end, start + width + 1)));
  const after = printable(line.slice(end, end + width + 1));
  if (displayWidth(before) + displayWidth(marked) + displayWidth(after) <= width) {
    return {text: before + marked + after, before, marked};
  }
  // The place gets at most three quarters; what is left of it is given to what stands before, then after.
  const shownMarked = cutEnd(marked, Math.floor((width * 3) / 4));
  const room = width - displayWidth(shownMarked);
  const shownBefore = cutStart(before, displayWidth(after) === 0 ? room : Math.floor(room / 2));
  const shownAfter = cutEnd(after, room - displayWidth(shownBefore));
  return {text: shownBefore + shownMarked + shownAfter, before: shownBefore, marked: shownMarked};
}

/** Columns that `text` takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character.codePointAt(0) ?? 0);
  return width;
}

/** Texts quote what they are about, and that may be anything. */
export function tame(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '·');
}

function printable(text: string): string {
  return text
    .replaceAll('\t', tab)
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, '·');
}

function characterWidth(point: number): number {
  if (point < 0x300) return 1;
  if (/\p{M}/u.test(String.fromCodePoint(point))) return 0;
  const wide =
    (point >= 0x1100 && point <= 0x115f) ||
    (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0x1f300 && point <= 0x1faff) ||
    (point >= 0x20000 && point <= 0x3fffd);
  return wide ? 2 : 1;
}

function cutEnd(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return kept + ellipsis;
}

function cutStart(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  for (const character of [...text].reverse()) {
    if (displayWidth(character + kept) > width - 1) break;
    kept = character + kept;
  }
  return ellipsis + kept;
}
