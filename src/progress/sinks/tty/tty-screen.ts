// The part of the terminal that is drawn again and again: a frame replaces the one before in a single write, inside a
// synchronized update (DEC mode 2026; terminals without it ignore it), so that nothing flickers.

import type {SinkHost} from '../sink.ts';
import {textWidth} from './text-width.ts';

export type Color = 'blue' | 'red' | 'yellow';

export interface ScreenLine {
  /** Without escapes, not wider than the terminal. */
  readonly text: string;
  readonly color?: Color;
}

const colorCodes: Readonly<Record<Color, string>> = {blue: '34', red: '31', yellow: '33'};
const beginUpdate = '\x1b[?2026h';
const endUpdate = '\x1b[?2026l';
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';

export class TtyScreen {
  readonly #host: SinkHost;
  /** Widths of the lines that stand on the terminal now. */
  #widths: readonly number[] = [];
  #cursorHidden = false;

  constructor(host: SinkHost) {
    this.#host = host;
  }

  draw(lines: readonly ScreenLine[]): void {
    const body = lines.map(({text, color}) => `${this.#paint(text, color)}\x1b[K\n`).join('');
    const hide = this.#cursorHidden ? '' : hideCursor;
    this.#cursorHidden = true;
    this.#host.write(`${beginUpdate}${hide}${this.#home()}${body}\x1b[J${endUpdate}`);
    this.#widths = lines.map(({text}) => textWidth(text));
  }

  /** Leaves what stands there and gives the cursor back. */
  close(): void {
    if (this.#cursorHidden) this.#host.write(showCursor);
    this.#cursorHidden = false;
    this.#widths = [];
  }

  /** To the first line of the frame. A terminal made narrower since has wrapped its lines: they take more rows. */
  #home(): string {
    const {columns} = this.#host.size();
    const rows = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows === 0 ? '\r' : `\r\x1b[${rows}A`;
  }

  #paint(text: string, color: Color | undefined): string {
    return color === undefined || !this.#host.color ? text : `\x1b[${colorCodes[color]}m${text}\x1b[0m`;
  }
}
