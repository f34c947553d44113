// Filters of `du` and `prune`, in docker's spelling (`type=regular`, `until=24h`, `inuse`) and in buildkitd.toml's
// (`type==source.local,type==exec.cachemount`, `description~=npm`). Several filters of one command must all be met;
// within one, terms of the same field are alternatives.

import {durationMs} from '../config/read-gc.ts';
import {buildError} from '../diagnostics/build-error.ts';
import {suggest} from '../util/suggest.ts';
import {type Item, isMutable} from './item.ts';

export interface Filter {
  matches(item: Item): boolean;
  /** From `until` and `unused-for`: only what has not been used for so long. */
  readonly keepMs: number | undefined;
}

type Operator = '==' | '!=' | '~=';

interface Term {
  readonly field: string;
  readonly negated: boolean;
  matches(item: Item): boolean;
}

const fields: Readonly<Record<string, (item: Item) => readonly string[]>> = {
  id: ({id}) => [id],
  parent: ({parents}) => parents,
  parents: ({parents}) => parents,
  type: ({type}) => [type],
  description: ({description}) => [description],
};

const flags: Readonly<Record<string, (item: Item) => boolean>> = {
  inuse: ({inUse}) => inUse,
  shared: ({shared}) => shared,
  private: ({shared}) => !shared,
  mutable: isMutable,
  immutable: (item) => !isMutable(item),
};

/** In these docker's `=` looks for the text anywhere. */
const loose: ReadonlySet<string> = new Set(['id', 'parent', 'parents', 'description']);
const ages: ReadonlySet<string> = new Set(['until', 'unused-for']);

/** Throws BuildError('usage') for what is no filter. */
export function parseFilters(texts: readonly string[]): Filter {
  const groups: Term[][] = [];
  let keepMs: number | undefined;
  for (const text of texts) {
    const terms: Term[] = [];
    for (const part of text.split(',')) {
      const [, name = '', operator = '', value = ''] = /^([a-z-]+)(?:(==|!=|~=|=)(.*))?$/s.exec(part) ?? [];
      if (ages.has(name)) keepMs = Math.max(keepMs ?? 0, ageOf(part, value));
      else terms.push(termOf(part, name, operator, value));
    }
    if (terms.length > 0) groups.push(terms);
  }
  return {keepMs, matches: (item) => groups.every((terms) => meets(terms, item))};
}

function meets(terms: readonly Term[], item: Item): boolean {
  const wanted = new Map<string, boolean>();
  for (const term of terms) {
    const met = term.matches(item);
    if (term.negated && !met) return false;
    if (!term.negated) wanted.set(term.field, met || wanted.get(term.field) === true);
  }
  return [...wanted.values()].every(Boolean);
}

function termOf(part: string, name: string, operator: string, value: string): Term {
  const flag = flags[name];
  if (flag !== undefined) {
    const negated = operator === '!=';
    const asked = flagValue(part, operator, value);
    return {field: name, negated, matches: (item) => (flag(item) === asked) !== negated};
  }
  const values = fields[name];
  if (values === undefined) throw unknown(part, name);
  if (operator === '') throw malformed(part, `${name} needs a value: ${name}=VALUE`);
  const meant = (operator === '=' ? (loose.has(name) ? '~=' : '==') : operator) as Operator;
  const test = meant === '~=' ? patternOf(part, value) : (text: string) => text === value;
  const negated = meant === '!=';
  return {field: name, negated, matches: (item) => values(item).some(test) !== negated};
}

function flagValue(part: string, operator: string, value: string): boolean {
  if (operator === '' || value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw malformed(part, 'it is true or false');
}

function patternOf(part: string, value: string): (text: string) => boolean {
  try {
    const pattern = new RegExp(value);
    return (text) => pattern.test(text);
  } catch {
    throw malformed(part, `"${value}" is no regular expression`);
  }
}

function ageOf(part: string, value: string): number {
  const age = durationMs(value);
  if (age !== undefined) return age;
  throw malformed(part, 'it takes a time such as 24h, 90m or 168h30m');
}

function unknown(part: string, name: string): Error {
  const known = [...Object.keys(fields), ...Object.keys(flags), ...ages];
  const near = suggest(name, known);
  return buildError('usage', 'space-unknown-filter', `there is no filter "${part}"`, {
    hints: [near === undefined ? `filters are ${known.join(', ')}` : `did you mean ${near}?`],
  });
}

function malformed(part: string, reason: string): Error {
  return buildError('usage', 'space-bad-filter', `filter "${part}": ${reason}`);
}
