// What of a process's output may go to the user's terminal: text, and colours (SGR) until the end of the line. All
// else that a terminal would act on (titles, links, moving and clearing, device controls, queries that it answers as if
// the user had typed, 8-bit controls, bells) is taken out; a control character that belongs to no sequence is made
// visible, as `cat -v` shows it.

const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
/** A control sequence (CSI), by ECMA-48 5.4. */
const csi = '(?:\\x1b\\[|\\x9b)[\\x30-\\x3f]*[\\x20-\\x2f]*[\\x40-\\x7e]';
/** Strings of OSC, DCS, SOS, PM and APC: to their end, or the line's. */
const strings =
  '(?:\\x1b[\\]PX^_]|[\\x90\\x98\\x9d-\\x9f])[^\\x07\\x1b\\x9c]*(?:\\x07|\\x1b\\\\|\\x9c|(?=\\x1b)|$)';
const others = '\\x1b[\\x20-\\x2f]*[\\x30-\\x7e]';
const single = '\\r+|[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]';
const sequences = new RegExp(`${csi}|${strings}|${others}|${single}`, 'g');
const colours = /^\x1b\[[0-9;:]*m$/;
const coloursOff = '\x1b[0m';
/** 8-bit beginnings of strings, at the end of a line. */
const stringBeginnings = new Set(['\x90', '\x98', '\x9d', '\x9e', '\x9f']);
/** What plain progress puts before each line of a step. */
const margin = /^#\d+ (?:\d+\.\d+ )?/;

/** `text` is of whole lines. A carriage return inside of a line begins a new one, so that nothing is overwritten. */
export function terminalText(text: string, options: {readonly color: boolean}): string {
  if (!controls.test(text)) return text;
  return text
    .split('\n')
    .map((line) => (controls.test(line) ? safeLine(line, options.color) : line))
    .join('\n');
}

/** A line without all of that, colours too. */
export function withoutControls(line: string): string {
  return controls.test(line) ? line.replace(sequences, '') : line;
}

function safeLine(line: string, color: boolean): string {
  const before = margin.exec(line)?.[0] ?? '';
  let colored = false;
  // In one pass: what is left when something was taken out must not make a new sequence.
  const text = line.replace(/\r+$/, '').replace(sequences, (found) => {
    if (found.startsWith('\r')) return `\n${before}`;
    if (colours.test(found)) {
      colored ||= color;
      return color ? found : '';
    }
    return found.length === 1 && !stringBeginnings.has(found) ? visible(found) : '';
  });
  return colored ? `${text}${coloursOff}` : text;
}

function visible(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  return code === 0x7f ? '^?' : `<${code.toString(16)}>`;
}
