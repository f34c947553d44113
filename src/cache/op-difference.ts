// In what two ops of one kind differ, said in the words of a Dockerfile. Ops are compared as their keys have them: a
// kind and canonical JSON of what is hashed.

import type {MissReason} from '../progress/events.ts';

type Fields = Readonly<Record<string, unknown>>;

const shownLengthMax = 40;
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
  const title = titles[name] ?? name;
  if (name === 'args') {
    const [before, after] = [textsOf(old[name]).at(-1) ?? '', textsOf(now[name]).at(-1) ?? ''];
    return `${title} ${quoted(before)} → ${quoted(after)}`;
  }
  if (name === 'actions') return actionText(old[name], now[name]);
  const [before, after] = [old[name], now[name]];
  const plain = [before, after].every((value) => value === undefined || Object(value) !== value);
  return plain ? `${title} ${shown(before)} → ${shown(after)}` : `${title} changed`;
}

/** COPY, ADD, WORKDIR: which of their properties changed. */
function actionText(before: unknown, after: unknown): string {
  const [old, now] = [before, after].map((value) => (Array.isArray(value) ? (value as Fields[]) : []));
  if (old === undefined || now === undefined || old.length !== now.length) return 'its files changed';
  const names = old.flatMap((action, index) => {
    const other = now[index] ?? {};
    const all = [...new Set([...Object.keys(action), ...Object.keys(other)])];
    return all.filter((name) => !isEqual(action[name], other[name]));
  });
  return `${[...new Set(names)].join(', ') || 'its files'} changed`;
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
    else found.push(`${title} ${shown(was)} → ${shown(is)}`);
  }
  return found.length > 0 ? found : ['order of the variables changed'];
}

function variableOf(assignment: string): readonly [string, string] {
  const equals = assignment.indexOf('=');
  return [assignment.slice(0, equals), assignment.slice(equals + 1)];
}

function shown(value: unknown): string {
  if (value === undefined) return 'unset';
  return value === '' ? '""' : cut(String(value));
}

function quoted(text: string): string {
  return `"${cut(text)}"`;
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= shownLengthMax ? line : `${line.slice(0, shownLengthMax - 1)}…`;
}
