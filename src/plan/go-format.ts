// Texts as Go's fmt prints them. BuildKit writes the history of an image with `%q`, `%v` and `%+v`, and a history
// entry is part of the image's digest, so these must be equal to the byte (strconv/quote.go, time/format of Duration).

const named: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** `%q` of a string: double quotes, Go escapes, printable Unicode as it is. */
export function quoted(text: string): string {
  let result = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (named[character] !== undefined) result += named[character];
    else if (code < 0x20 || code === 0x7f) result += `\\x${hex(code, 2)}`;
    else if (code >= 0xd800 && code <= 0xdfff) result += '\\ufffd';
    else if (isPrintable(character, code)) result += character;
    else result += code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  }
  return `${result}"`;
}

/** `%q` of a []string: `["a" "b"]`. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(' ')}]`;
}

/** `%v` of a []string: `[a b]`. */
export function plainList(texts: readonly string[]): string {
  return `[${texts.join(' ')}]`;
}

const nanosecondsPerSecond = 1_000_000_000;

/** `%v` of a time.Duration given in nanoseconds: `1h0m0s`, `1.5s`, `300ms`, `0s`. */
export function durationText(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  const sign = nanoseconds < 0 ? '-' : '';
  const total = Math.abs(nanoseconds);
  if (total < 1000) return `${sign}${total}ns`;
  if (total < 1_000_000) return `${sign}${decimal(total, 3)}µs`;
  if (total < nanosecondsPerSecond) return `${sign}${decimal(total, 6)}ms`;
  const wholeSeconds = Math.floor(total / nanosecondsPerSecond);
  const fraction = total % nanosecondsPerSecond;
  const minutes = Math.floor(wholeSeconds / 60);
  const seconds = `${decimal((wholeSeconds % 60) * nanosecondsPerSecond + fraction, 9)}s`;
  if (minutes === 0) return sign + seconds;
  if (minutes < 60) return `${sign}${minutes}m${seconds}`;
  return `${sign}${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** `value` / 10^`digits`, without trailing zeros. */
function decimal(value: number, digits: number): string {
  const text = String(value).padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return fraction === '' ? text.slice(0, -digits) : `${text.slice(0, -digits)}.${fraction}`;
}

/** strconv.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space. */
function isPrintable(character: string, code: number): boolean {
  if (code < 0x7f) return code >= 0x20;
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character);
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0');
}
