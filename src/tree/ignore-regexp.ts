// The regular expression that moby/patternmatcher makes of a pattern, as a JavaScript RegExp. Done in two steps,
// because patterns can reach the expression syntax: moby escapes `.+()$` but not `|{}` (its bitmap has one byte
// for `b/8` up to 15), and a backslash before a letter makes an escape of Go's RE2. So: first moby's text, then
// RE2's reading of it.

import {BadPatternError} from '../util/go-path.ts';

/** moby's conversion. Only called for patterns that are neither exact nor a plain prefix or suffix. */
export function mobyExpressionOf(pattern: string): string {
  // text/scanner skips a byte order mark at the very start.
  const chars = Array.from(pattern.startsWith('\ufeff') ? pattern.slice(1) : pattern);
  let text = '^';
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*' && chars[at + 1] === '*') {
      at++;
      if (chars[at + 1] === '/') at++;
      text += at + 1 >= chars.length ? '.*' : '(.*/)?';
    } else if (char === '*') {
      text += '[^/]*';
    } else if (char === '?') {
      text += '[^/]';
    } else if ('.+()$'.includes(char)) {
      text += `\\${char}`;
    } else if (char === '\\' && at + 1 < chars.length) {
      at++;
      text += `\\${chars[at]}`;
    } else {
      text += char;
    }
  }
  return `${text}$`;
}

/** Throws BadPatternError where Go's regexp.Compile refuses the expression. */
export function regExpOf(expression: string): RegExp {
  try {
    return new RegExp(new Translator(expression).translate(), 'u');
  } catch (error) {
    // JavaScript refuses a little more or other things than we see coming, e.g. a class range out of order.
    if (error instanceof SyntaxError) throw new BadPatternError();
    throw error;
  }
}

// RE2 refuses {1001}; JavaScript would take it.
const repeatMax = 1000;

const perlClasses: Readonly<Record<string, string>> = {
  d: '0-9',
  s: '\\t\\n\\f\\r ',
  w: '0-9A-Za-z_',
};

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

const controlEscapes: Readonly<Record<string, number>> = {a: 7, f: 12, t: 9, n: 10, r: 13, v: 11};

/** Reads RE2 syntax (Go's flags: Perl, one line) and writes the same for JavaScript's `u` mode. */
class Translator {
  readonly #chars: readonly string[];
  #at = 0;
  /** Whether something stands before the cursor that can be repeated; a repetition itself cannot. */
  #repeatable: 'nothing' | 'something' | 'repeated' = 'nothing';

  constructor(expression: string) {
    this.#chars = Array.from(expression);
  }

  translate(): string {
    let out = '';
    while (this.#at < this.#chars.length) {
      const char = this.#take();
      if (char === '[') out += this.#atom(this.#class());
      else if (char === '\\') out += this.#atom(this.#escape());
      else if (char === '|') {
        out += '|';
        this.#repeatable = 'nothing';
      } else if (char === '(') out += this.#group();
      else if (char === '{') out += this.#repetition();
      else if (char === '*') out += this.#repeat('*');
      else if (char === '.') out += this.#atom('[^\\n]');
      else if (char === '^' || char === '$') out += this.#atom(`(?:${char})`);
      else out += this.#atom(literal(char));
    }
    return out;
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #take(): string {
    const char = this.#chars[this.#at];
    if (char === undefined) throw new BadPatternError();
    this.#at++;
    return char;
  }

  #atom(text: string): string {
    this.#repeatable = 'something';
    return text;
  }

  #repeat(operator: string): string {
    if (this.#repeatable !== 'something') throw new BadPatternError();
    this.#repeatable = 'repeated';
    return operator;
  }

  /** The only group moby writes: any directories, or none. */
  #group(): string {
    this.#at += '.*/)?'.length;
    this.#repeatable = 'repeated';
    return '(?:[^\\n]*\\/)?';
  }

  /** `{n}`, `{n,}`, `{n,m}`; anything else in braces is just text. */
  #repetition(): string {
    const found = /^(\d+)(?:(,)(\d*))?\}/.exec(this.#chars.slice(this.#at).join(''));
    if (found === null) return this.#atom('\\{');
    const [whole, least = '', comma, most = ''] = found;
    // A leading zero makes it text for RE2.
    if (/^0\d/.test(least) || /^0\d/.test(most)) return this.#atom('\\{');
    if (Number(least) > repeatMax || (most !== '' && Number(most) > repeatMax)) throw new BadPatternError();
    if (most !== '' && Number(least) > Number(most)) throw new BadPatternError();
    this.#at += whole.length;
    return this.#repeat(comma === undefined ? `{${least}}` : `{${least},${most}}`);
  }

  /** An escape outside a class; the backslash is taken. */
  #escape(): string {
    const char = this.#take();
    if (char === 'A') return '(?:^)';
    if (char === 'z') return '(?:$)';
    if (char === 'b' || char === 'B') return `(?:\\${char})`;
    if (char === 'Q') return this.#quoted();
    const shorthand = this.#shorthand(char);
    if (shorthand !== undefined) return `[${shorthand}]`;
    return literal(this.#escapedChar(char));
  }

  /** `\Q…\E`: everything between is text. */
  #quoted(): string {
    let text = '';
    while (this.#at < this.#chars.length) {
      const char = this.#take();
      if (char === '\\' && this.#peek() === 'E') {
        this.#take();
        break;
      }
      text += literal(char);
    }
    return text;
  }

  /** Members of `\d`, `\W`, `\pL`, `\p{Greek}`, or undefined when `char` starts none. */
  #shorthand(char: string): string | undefined {
    const perl = perlClasses[char.toLowerCase()];
    if (perl !== undefined) return char === char.toLowerCase() ? perl : complementOf(perl);
    if (char !== 'p' && char !== 'P') return undefined;
    let name = this.#take();
    if (name === '{') {
      name = '';
      for (let next = this.#take(); next !== '}'; next = this.#take()) name += next;
    }
    const negated = name.startsWith('^') !== (char === 'P');
    const bare = name.replace(/^\^/, '');
    if (bare === 'Any') return negated ? complementOf('\\u{0}-\\u{10ffff}') : '\\u{0}-\\u{10ffff}';
    if (!/^[A-Z][A-Za-z_]*$/.test(bare)) throw new BadPatternError();
    const property = bare.length <= 2 ? `General_Category=${bare}` : `Script=${bare}`;
    return `\\${negated ? 'P' : 'p'}{${property}}`;
  }

  /** The character that `\` and `char` mean. */
  #escapedChar(char: string): string {
    const control = controlEscapes[char];
    if (control !== undefined) return String.fromCharCode(control);
    if (char === 'x') return this.#hex();
    if (/^[0-7]$/.test(char)) return this.#octal(char);
    // RE2: punctuation stands for itself; unknown letters and anything beyond ASCII may not be escaped.
    if (/^[0-9A-Za-z]$/.test(char) || char > '\x7f') throw new BadPatternError();
    return char;
  }

  #hex(): string {
    let digits = this.#take();
    if (digits === '{') {
      digits = '';
      for (let next = this.#take(); next !== '}'; next = this.#take()) digits += next;
    } else {
      digits += this.#take();
    }
    if (!/^[0-9A-Fa-f]{1,8}$/.test(digits)) throw new BadPatternError();
    const code = Number.parseInt(digits, 16);
    if (code > 0x10ffff) throw new BadPatternError();
    return String.fromCodePoint(code);
  }

  /** `\0`, `\012`: octal; a lone `\1` would be a reference to a group, which RE2 has not. */
  #octal(first: string): string {
    const isOctal = (char: string | undefined) => char !== undefined && /^[0-7]$/.test(char);
    if (first !== '0' && !isOctal(this.#peek())) throw new BadPatternError();
    let digits = first;
    while (digits.length < 3 && isOctal(this.#peek())) digits += this.#take();
    return String.fromCodePoint(Number.parseInt(digits, 8));
  }

  /** A class; its `[` is taken. A `]` right at the start is a member. */
  #class(): string {
    let negated = false;
    if (this.#peek() === '^') {
      this.#take();
      negated = true;
    }
    let members = '';
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const group = this.#classGroup();
      if (group !== undefined) {
        members += group;
        continue;
      }
      const low = this.#classChar();
      let high = low;
      if (this.#peek() === '-' && this.#chars[this.#at + 1] !== ']' && this.#at + 1 < this.#chars.length) {
        this.#take();
        high = this.#classChar();
      }
      if ((high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) throw new BadPatternError();
      members += low === high ? classLiteral(low) : `${classLiteral(low)}-${classLiteral(high)}`;
    }
    this.#take();
    return negated ? `[^${members}]` : `[${members}]`;
  }

  /** `[:alpha:]` or `\d` inside a class. */
  #classGroup(): string | undefined {
    if (this.#peek() === '[' && this.#chars[this.#at + 1] === ':') {
      const rest = this.#chars.slice(this.#at + 2).join('');
      const end = rest.indexOf(':]');
      if (end < 0) return undefined;
      const name = rest.slice(0, end);
      const members = posixClasses[name.replace(/^\^/, '')];
      if (members === undefined) throw new BadPatternError();
      this.#at += 2 + Array.from(name).length + 2;
      return name.startsWith('^') ? complementOf(members) : members;
    }
    if (this.#peek() !== '\\') return undefined;
    const before = this.#at;
    this.#take();
    const members = this.#shorthand(this.#take());
    if (members === undefined) this.#at = before;
    return members;
  }

  #classChar(): string {
    const char = this.#take();
    return char === '\\' ? this.#escapedChar(this.#take()) : char;
  }
}

function literal(char: string): string {
  return /^[\^$\\.*+?()[\]{}|/]$/.test(char) ? `\\${char}` : char;
}

function classLiteral(char: string): string {
  return /^[\\\]\-^[]$/.test(char) ? `\\${char}` : char;
}

/** The members of the complement of simple ranges, in class syntax. */
function complementOf(members: string): string {
  const ranges = [
    ...members.matchAll(
      /(\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\.|.)(?:-(\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\.|.))?/gu,
    ),
  ]
    .map((found): [number, number] => {
      const low = codeOf(found[1] ?? '');
      return [low, found[2] === undefined ? low : codeOf(found[2])];
    })
    .sort(([a], [b]) => a - b);
  let text = '';
  let next = 0;
  for (const [low, high] of ranges) {
    if (low > next) text += `\\u{${next.toString(16)}}-\\u{${(low - 1).toString(16)}}`;
    next = Math.max(next, high + 1);
  }
  return next <= 0x10ffff ? `${text}\\u{${next.toString(16)}}-\\u{10ffff}` : text;
}

function codeOf(member: string): number {
  const hex = /^\\x([0-9a-f]{2})$|^\\u\{([0-9a-f]+)\}$/.exec(member);
  if (hex !== null) return Number.parseInt(hex[1] ?? hex[2] ?? '0', 16);
  const letter = member.slice(-1);
  return (member.length === 2 ? controlEscapes[letter] : undefined) ?? letter.charCodeAt(0);
}
