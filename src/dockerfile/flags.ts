// Values of the flags of an instruction. A flag may stand once, unless it is a list; `--name=` is an empty value where
// text is expected, and no value where yes or no is.

import type {Flag} from './ast.ts';
import type {FlagKind, Report} from './instruction-reader.ts';
import {nearest} from './nearest.ts';

export interface FlagValues {
  /** Undefined when the flag is not there. */
  text(name: string): string | undefined;
  isOn(name: string): boolean | undefined;
  list(name: string): readonly string[];
  /** The flags of this name, for messages about their values. */
  all(name: string): readonly Flag[];
}

/** Reports unknown, repeated and valueless flags; undefined when there is one. */
export function readFlags(
  flags: readonly Flag[],
  kinds: Readonly<Record<string, FlagKind>>,
  report: Report,
): FlagValues | undefined {
  const seen = new Map<string, Flag[]>();
  let broken = false;
  for (const flag of flags) {
    const kind = Object.hasOwn(kinds, flag.name) ? kinds[flag.name] : undefined;
    const before = seen.get(flag.name);
    const problem =
      kind === undefined
        ? unknownFlag(flag, kinds)
        : before !== undefined && kind !== 'list'
          ? {code: 'dockerfile-repeated-flag', message: `duplicate flag specified: --${flag.name}`}
          : valueProblem(flag, kind);
    if (problem !== undefined) {
      broken = true;
      report({...problem, span: flag.span});
    } else if (before === undefined) seen.set(flag.name, [flag]);
    else before.push(flag);
  }
  return broken ? undefined : valuesOf(seen);
}

function valuesOf(seen: ReadonlyMap<string, readonly Flag[]>): FlagValues {
  return {
    text: (name) => seen.get(name)?.[0]?.value,
    isOn: (name) => {
      const flag = seen.get(name)?.[0];
      return flag === undefined ? undefined : flag.value?.toLowerCase() !== 'false';
    },
    list: (name) => (seen.get(name) ?? []).map((flag) => flag.value ?? ''),
    all: (name) => seen.get(name) ?? [],
  };
}

function unknownFlag(flag: Flag, kinds: Readonly<Record<string, FlagKind>>) {
  const match = nearest(flag.name, Object.keys(kinds));
  const hints = match === undefined ? {} : {hints: [`did you mean --${match}?`]};
  return {code: 'dockerfile-unknown-flag', message: `unknown flag: --${flag.name}`, ...hints};
}

function valueProblem({name, value}: Flag, kind: FlagKind) {
  if (kind === 'switch' && (value === undefined || /^(true|false)$/i.test(value))) return undefined;
  if (kind !== 'switch' && value !== undefined) return undefined;
  if (value === undefined || value === '') {
    const hints = kind === 'switch' ? [] : [`the value stands behind an equals sign: --${name}=VALUE`];
    return {code: 'dockerfile-flag-value', message: `missing a value on flag: --${name}`, hints};
  }
  return {
    code: 'dockerfile-flag-value',
    message: `expecting boolean value for flag --${name}, not: ${value}`,
    hints: [`write --${name}, --${name}=true or --${name}=false`],
  };
}
