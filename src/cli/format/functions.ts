// The functions of templates: docker's own (json, join, split, title, lower, upper, pad, truncate) and those of Go's
// text/template that make sense on images. A function answers with a value, or says what is wrong with its arguments.

import {type FormatValue, isList, isMap, isObject, isTrue, jsonOf, textOf} from './value.ts';

export type FormatFunction = (args: readonly FormatValue[]) => FormatValue | Misuse;

/** Why a function cannot be carried out. */
export class Misuse {
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}

export const functions: Readonly<Record<string, FormatFunction>> = {
  json: taking(1, ([value]) => JSON.stringify(jsonOf(value))),
  join: taking(2, ([list, separator]) =>
    (list ?? null) === null
      ? ''
      : isList(list)
        ? list.map(textOf).join(textOf(separator))
        : new Misuse('join needs a list'),
  ),
  split: texts(2, ([text = '', separator = '']) => text.split(separator)),
  title: texts(1, ([text = '']) =>
    text.replace(/(^|\s)(\S)/gu, (_, gap: string, letter: string) => gap + letter.toUpperCase()),
  ),
  lower: texts(1, ([text = '']) => text.toLowerCase()),
  upper: texts(1, ([text = '']) => text.toUpperCase()),
  truncate: taking(2, ([text, length]) => [...textOf(text)].slice(0, Number(length)).join('')),
  pad: taking(3, ([text, before, after]) =>
    textOf(text) === '' ? '' : ' '.repeat(Number(before)) + textOf(text) + ' '.repeat(Number(after)),
  ),
  len: taking(1, ([value]) => lengthOf(value)),
  index: ([value, ...keys]) =>
    keys.reduce<FormatValue | Misuse>(
      (inner, key) => (inner instanceof Misuse ? inner : memberOf(inner, key)),
      value,
    ),
  slice: taking('1–3', ([value, from, to]) =>
    isList(value) || typeof value === 'string'
      ? value.slice(Number(from ?? 0), to === undefined ? undefined : Number(to))
      : new Misuse('slice needs a list or a text'),
  ),
  print: (args) =>
    args
      .map((value, index) =>
        index > 0 && typeof value !== 'string' && typeof args[index - 1] !== 'string'
          ? ` ${textOf(value)}`
          : textOf(value),
      )
      .join(''),
  println: (args) => `${args.map(textOf).join(' ')}\n`,
  printf: ([form, ...args]) => printf(textOf(form), args),
  eq: ([value, ...others]) =>
    others.length === 0
      ? new Misuse('eq needs two arguments')
      : others.some((other) => textOf(value) === textOf(other)),
  ne: taking(2, ([a, b]) => textOf(a) !== textOf(b)),
  lt: taking(2, ([a, b]) => isLess(a, b)),
  le: taking(2, ([a, b]) => !isLess(b, a)),
  gt: taking(2, ([a, b]) => isLess(b, a)),
  ge: taking(2, ([a, b]) => !isLess(a, b)),
  and: (args) => (args.every(isTrue) ? args.at(-1) : args.find((value) => !isTrue(value))),
  or: (args) => args.find(isTrue) ?? args.at(-1),
  not: taking(1, ([value]) => !isTrue(value)),
};

const asItIs: FormatFunction = ([value]) => value;

/** For the headings of a table: `upper` and the like are about values. */
export const headingFunctions: Readonly<Record<string, FormatFunction>> = {
  ...functions,
  json: asItIs,
  title: asItIs,
  lower: asItIs,
  upper: asItIs,
  truncate: asItIs,
};

function taking(count: number | string, act: FormatFunction): FormatFunction {
  const [least = 0, most = least] = String(count).split('–').map(Number);
  return (args) => {
    if (args.length >= least && args.length <= most) return act(args);
    return new Misuse(`it takes ${count} argument${count === 1 ? '' : 's'}, not ${args.length}`);
  };
}

function texts(count: number, act: (args: readonly string[]) => FormatValue): FormatFunction {
  return taking(count, (args) => {
    const wrong = args.find((value) => typeof value !== 'string');
    return wrong === undefined ? act(args.map(textOf)) : new Misuse(`it takes texts, not ${textOf(wrong)}`);
  });
}

function lengthOf(value: FormatValue): number | Misuse {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (isList(value)) return value.length;
  if (isMap(value)) return value.size;
  return value === null || value === undefined ? 0 : new Misuse('len needs a list, a map or a text');
}

function memberOf(value: FormatValue, key: FormatValue): FormatValue | Misuse {
  if (isMap(value)) return value.get(textOf(key)) ?? '';
  if (value === null || value === undefined)
    return typeof key === 'string' ? '' : new Misuse('there is nothing at an index of nil');
  if (isObject(value)) {
    const member = value[textOf(key)];
    return member === undefined ? new Misuse(`there is no field ${textOf(key)}`) : member;
  }
  if (!isList(value)) return new Misuse('index needs a list or a map');
  if (typeof key !== 'number') return new Misuse('an index of a list is a number');
  return key >= 0 && key < value.length
    ? value[key]
    : new Misuse(`index ${key} is out of range: there are ${value.length}`);
}

function isLess(a: FormatValue, b: FormatValue): boolean {
  return typeof a === 'number' && typeof b === 'number' ? a < b : textOf(a) < textOf(b);
}

/** %s %v %q %d %t %%, with a width: what people use. */
function printf(form: string, args: readonly FormatValue[]): string | Misuse {
  let next = 0;
  let misuse: Misuse | undefined;
  const text = form.replace(/%(-?)(\d*)(.)/gsu, (whole, left: string, width: string, verb: string) => {
    if (verb === '%') return '%';
    if (!'svqdt'.includes(verb)) misuse ??= new Misuse(`printf does not know ${whole}`);
    if (next >= args.length) misuse ??= new Misuse(`printf has no argument for ${whole}`);
    const value = args[next++];
    const printed = verb === 'q' ? JSON.stringify(textOf(value)) : textOf(value);
    return left === '-' ? printed.padEnd(Number(width)) : printed.padStart(Number(width));
  });
  if (next < args.length) misuse ??= new Misuse('printf has more arguments than verbs');
  return misuse ?? text;
}
