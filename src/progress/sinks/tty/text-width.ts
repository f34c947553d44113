// Columns that text takes on a terminal, and cutting to a number of them. Covers what build output has: East Asian
// wide characters and emoji are two columns, combining marks and format characters none.

import {withoutControls} from '../../terminal-text.ts';

const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const empty = /[\p{Mn}\p{Me}\p{Cf}]/u;
const plain = /^[\x20-\x7e]*$/;

export function textWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** The longest beginning of `text` that fits into `columns`. */
export function cutToWidth(text: string, columns: number): string {
  if (plain.test(text)) return text.slice(0, Math.max(0, columns));
  let width = 0;
  let end = 0;
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/**
 * What of a process's line may go to the terminal: no escape sequences or control characters, tabs as blanks, and of
 * a line that was overwritten with carriage returns only what would be visible.
 */
export function tameLine(line: string): string {
  const text = line.replace(/\r+$/, '');
  return withoutControls(text.slice(text.lastIndexOf('\r') + 1))
    .replaceAll('\t', '    ')
    .replaceAll('\n', '');
}

function widthOf(character: string): number {
  if (empty.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
