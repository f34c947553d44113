import {describe, expect, it} from 'vitest';
import {terminalText} from '../../src/progress/terminal-text.ts';

const esc = '\x1b';

describe('what a terminal would act on is gone', () => {
  it.each([
    ['a title', `a${esc}]0;owned\x07b`, 'ab'],
    ['a title that ends with ST', `a${esc}]2;owned${esc}\\b`, 'ab'],
    ['a title without an end', `a${esc}]0;owned`, 'a'],
    ['a link', `${esc}]8;;http://x${esc}\\text${esc}]8;;${esc}\\`, 'text'],
    ['the clipboard', `a${esc}]52;c;ZXZpbA==\x07b`, 'ab'],
    ['moving and clearing', `a${esc}[2J${esc}[H${esc}[1;1Hb${esc}[3Ac`, 'abc'],
    ['modes', `${esc}[?1049h${esc}[?25l${esc}[?2004hx`, 'x'],
    ['queries that are answered', `${esc}[6n${esc}[c${esc}[>q${esc}Zx`, 'x'],
    ['device control strings', `a${esc}P+q544e${esc}\\b`, 'ab'],
    ['application commands', `a${esc}_Gi=1;AAAA${esc}\\b${esc}^pm${esc}\\c${esc}Xsos${esc}\\d`, 'abcd'],
    ['character sets and resets', `${esc}(0a${esc}cb${esc}7${esc}#8c`, 'abc'],
    ['8-bit controls', `a\u009b2Jb\u009d0;t\u009cc\u0090q\u009cd`, 'abcd'],
    [
      'what is left when a sequence was taken out of the middle',
      `${esc}[32mok${esc}${esc}]0;t\x07[2Jx`,
      'ok^[[2Jx',
    ],
    ['a sequence inside of another', `a${esc}]0;${esc}[31mred`, 'ared'],
  ])('%s', (_, text, safe) => {
    expect(terminalText(`${text}\n`, {color: false})).toBe(`${safe}\n`);
  });

  it('what is left of a control character can be seen', () => {
    expect(terminalText('bell\x07 back\b nul\0 del\x7f esc\x1b\n', {color: true})).toBe(
      'bell^G back^H nul^@ del^? esc^[\n',
    );
    expect(terminalText('\u0085\u0080\n', {color: false})).toBe('<85><80>\n');
  });
});

it('colours pass where there are any, to the end of the line', () => {
  const text = `#4 0.100 ${esc}[1;31mred${esc}[0m and ${esc}[38;5;12mblue\nnext\n`;
  expect(terminalText(text, {color: true})).toBe(
    `#4 0.100 ${esc}[1;31mred${esc}[0m and ${esc}[38;5;12mblue${esc}[0m\nnext\n`,
  );
  expect(terminalText(text, {color: false})).toBe('#4 0.100 red and blue\nnext\n');
});

it('nothing is overwritten', () => {
  expect(terminalText('#4 0.100 10%\r20%\r\r30%\r\n', {color: true})).toBe(
    '#4 0.100 10%\n#4 0.100 20%\n#4 0.100 30%\n',
  );
});

it('text of any language stays as it is', () => {
  const text = 'tab\t日本語 é ¿ü 🚀 — plain\n';
  expect(terminalText(text, {color: true})).toBe(text);
  expect(terminalText(`${text}\x07\n`, {color: true})).toBe(`${text}^G\n`);
});

it('no text makes it emit a control that is none of its own', () => {
  // Enough ways to a sequence that removing one could make another.
  const alphabet = [
    '\x1b',
    '[',
    ']',
    'm',
    '3',
    ';',
    '\x07',
    '\\',
    'P',
    '\x9b',
    '\x9d',
    '\x9c',
    'A',
    '\r',
    '?',
    ' ',
  ];
  let seed = 7;
  for (let round = 0; round < 3000; round++) {
    let text = '';
    for (let length = 0; length < 12; length++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      text += alphabet[seed % alphabet.length];
    }
    const safe = terminalText(`\x1b[1m${text}\n`, {color: true});
    expect(safe.replace(/\x1b\[[0-9;:]*m/g, ''), JSON.stringify(text)).not.toMatch(
      /[\x00-\x08\x0b-\x1f\x7f-\x9f]/,
    );
  }
});
