// Splits an expanded word at blanks. Blanks of the text and of values of variables split, those of quotes and escapes
// do not; spaces, tabs and carriage returns behind `<<` do not either, so that the name of a heredoc may stand apart.

import {isBlank} from '../../grammar/blanks.ts';

export class WordSplitter {
  readonly #words: string[] = [];
  #word = '';

  /** Text as written. */
  addText(text: string): void {
    for (let index = 0; index < text.length; index++) {
      if (text.startsWith('<<', index)) {
        let end = index + 2;
        while (end < text.length && ' \t\r'.includes(text.charAt(end))) end++;
        this.#word += text.slice(index, end);
        index = end - 1;
      } else this.#addCharacter(text.charAt(index));
    }
  }

  /** Value of a variable. */
  addValue(text: string): void {
    for (const character of text) this.#addCharacter(character);
  }

  /** What was quoted or escaped. */
  addQuoted(text: string): void {
    this.#word += text;
  }

  finish(): readonly string[] {
    this.#flush();
    return this.#words;
  }

  #addCharacter(character: string): void {
    if (isBlank(character)) this.#flush();
    else this.#word += character;
  }

  /** An empty word (`""`) is no word. */
  #flush(): void {
    if (this.#word !== '') this.#words.push(this.#word);
    this.#word = '';
  }
}
