// In what two ops of one kind differ, said in the words of a Dockerfile. Ops are compared as their keys have them: a
// kind and canonical JSON of what is hashed.

import type {MissReason} from '../progress/events.ts';
import {changeText, firstLineChanged, quotedChange} from './text-difference.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Values under such names are not shown: build arguments are a place where people put secrets. */
const secretName = /pass|secret|token|key|credential|auth/i;

/** What a field is called to people; the others by their own name. */
const titles: Readonly<Record<string, string>> = {
  args: 'command',
  cwd: 'working directory',
  extraHosts: 'extra hosts',
  shmSizeBytes: 'size of /dev/shm',
  rootInput: 'base',
};

export interface OpDifferenceOptions {
  /** Whether ARG, not ENV, gives this variable. */
  isArgument(name: string): boolean;
}

/** Undefined when they are equal. */
export function opDifference(
  before: string,
  after: string,
  options: OpDifferenceOptions,
): MissReason | undefined {
  if (before === after) return undefined;
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  if (old === undefined || now === undefined || old.kind !== now.kind) {
    return {code: 'instruction', text: 'another instruction stood here'};
  }
  const names = [...new Set([...Object.keys(old.fields), ...Object.keys(now.fields)])];
  const changed = names.filter((name) => !isEqual(old.fields[name], now.fields[name]));
  const variables = changed.includes('env')
    ? variableChanges(textsOf(old.fields['env']), textsOf(now.fields['env']), options)
    : [];
  // What a build argument changes in the text of a command is no news beside the argument.
  if (variables.length > 0) return {code: 'variable', text: variables.join(', ')};
  const [first] = changed;
  if (first === undefined) return undefined;
  return {
    code: 'instruction',
    text: changed.map((name) => fieldText(name, old.fields, now.fields)).join(', '),
  };
}

function fieldsOf(op: string): {readonly kind: string; readonly fields: Fields} | undefined {
  const space = op.indexOf(' ');
  try {
    return {kind: op.slice(0, space), fields: JSON.parse(op.slice(space + 1)) as Fields};
  } catch {
    return undefined;
  }
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function fieldText(name: string, old: Fields, now: Fields): string {
  if (name === 'args') return commandText(textsOf(old[name]), textsOf(now[name]));
  if (name === 'actions') return actionsText(partsOf(old[name]), partsOf(now[name]));
  if (name === 'mounts') return mountsText(partsOf(old[name]), partsOf(now[name]));
  return valueText(titles[name] ?? name, old[name], now[name]);
}

function valueText(title: string, before: unknown, after: unknown): string {
  return `${title} ${changeText(before, after)}`;
}

/** The last argument is the command of a shell; where more than that differs, all of it counts. */
function commandText(before: readonly string[], after: readonly string[]): string {
  const [start, end] = [before.slice(0, -1), after.slice(0, -1)];
  const isSameShell = start.length > 0 && isEqual(start, end);
  const texts = [before, after].map((args) => (isSameShell ? (args.at(-1) ?? '') : args.join(' ')));
  const [was = '', is = ''] = texts;
  return was === is ? `command ${changeText(before, after)}` : `command ${quotedChange(was, is)}`;
}

/** COPY, ADD, WORKDIR: which of their properties changed. */
function actionsText(before: readonly Fields[], after: readonly Fields[]): string {
  if (before.length !== after.length) return 'its files changed';
  const texts = before.flatMap((old, index) =>
    partTexts(old, after[index] ?? {}, (name, was, is) => {
      // A text of the Dockerfile may have values of build arguments in it: it is not shown.
      if (name === 'content') return `content changed at line ${firstLineChanged(String(was), String(is))}`;
      return name === 'type' ? 'its files changed' : valueText(name, was, is);
    }),
  );
  return [...new Set(texts)].join(', ') || 'its files changed';
}

function mountsText(before: readonly Fields[], after: readonly Fields[]): string {
  const isSameKind = ({type}: Fields, index: number): boolean => type === after[index]?.['type'];
  if (before.length !== after.length || !before.every(isSameKind)) {
    return valueText('mounts', mountNames(before), mountNames(after));
  }
  const texts = before.flatMap((old, index) =>
    partTexts(old, after[index] ?? {}, (name, was, is) =>
      name === 'text'
        ? `script ${quotedChange(String(was), String(is))}`
        : valueText(`${mountName(old)} ${name}`, was, is),
    ),
  );
  return texts.join(', ') || 'mounts of other inputs';
}

function mountNames(mounts: readonly Fields[]): string {
  return mounts.map(mountName).join(', ') || 'none';
}

/** `secret mount npm`. */
function mountName({type, id, target, env}: Fields): string {
  const name = type === 'text' ? 'script' : `${String(type)} mount`;
  return [name, id ?? target ?? env].filter((part) => part !== undefined).join(' ');
}

function partTexts(
  old: Fields,
  now: Fields,
  textOf: (name: string, was: unknown, is: unknown) => string,
): readonly string[] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names.flatMap((name) => {
    // Places in a list that nobody sees.
    if (name === 'input') return [];
    const [was, is] = [old[name], now[name]].map((value) =>
      name === 'mode' && typeof value === 'number' ? value.toString(8) : value,
    );
    return isEqual(was, is) ? [] : [textOf(name, was, is)];
  });
}

function partsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly Fields[]) : [];
}

function variableChanges(
  before: readonly string[],
  after: readonly string[],
  {isArgument}: OpDifferenceOptions,
): string[] {
  const [old, now] = [before, after].map((list) => new Map(list.map(variableOf)));
  if (old === undefined || now === undefined) return [];
  const found: string[] = [];
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) continue;
    const title = `${isArgument(name) ? 'ARG' : 'ENV'} ${name}`;
    if (secretName.test(name)) found.push(`${title} changed`);
    else found.push(valueText(title, was, is));
  }
  return found.length > 0 ? found : ['order of the variables changed'];
}

function variableOf(assignment: string): readonly [string, string] {
  const equals = assignment.indexOf('=');
  return [assignment.slice(0, equals), assignment.slice(equals + 1)];
}
