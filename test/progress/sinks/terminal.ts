// A small terminal: what stands on the screen after a sink has written to it. Understands what the tty sink writes,
// and refuses everything else, so that a stray escape fails a test.

export interface Screen {
  /** Everything that was ever on it, scrolled-off lines included. */
  readonly lines: readonly string[];
  readonly cursorVisible: boolean;
  /** Whether a synchronized update is open. */
  readonly updating: boolean;
}

export function screenOf(written: string): Screen {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  let cursorVisible = true;
  let updating = false;
  const sequence = /\x1b\[(\??)(\d*)([A-Za-z])/y;
  for (let index = 0; index < written.length; ) {
    sequence.lastIndex = index;
    const match = sequence.exec(written);
    if (match !== null) {
      index = sequence.lastIndex;
      const [, question, number = '', letter] = match;
      if (question === '?' && number === '25') cursorVisible = letter === 'h';
      else if (question === '?' && number === '2026') updating = letter === 'h';
      else if (letter === 'A') row = Math.max(0, row - Number(number));
      else if (letter === 'K') lines[row] = (lines[row] ?? '').slice(0, column);
      else if (letter === 'J') {
        lines.length = row + 1;
        lines[row] = (lines[row] ?? '').slice(0, column);
      } else if (letter !== 'm') throw new Error(`unexpected escape ${JSON.stringify(match[0])}`);
      continue;
    }
    const character = written[index++] ?? '';
    if (character === '\r') column = 0;
    else if (character === '\n') {
      row++;
      column = 0;
      while (lines.length <= row) lines.push('');
    } else if (character < ' ') throw new Error(`unexpected control character ${JSON.stringify(character)}`);
    else {
      const line = (lines[row] ?? '').padEnd(column);
      lines[row] = line.slice(0, column) + character + line.slice(column + 1);
      column++;
    }
  }
  return {lines, cursorVisible, updating};
}
