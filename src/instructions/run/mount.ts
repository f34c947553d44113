// The value of RUN --mount: comma-separated `key=value` fields, quoted as in CSV. Keys are read in any case and from
// left to right, so `type` must stand before what only some types have. Values may hold variables, except `from`, which
// decides what is built and must be known before any value is.

import {nearest} from '../../dockerfile/nearest.ts';
import {about, PlanProblem} from '../../plan/plan-problem.ts';
import {goBool} from '../../util/go-bool.ts';
import {csvFields} from './csv-fields.ts';
import {parseSizeBytes} from './size.ts';

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';
export type CacheSharing = 'shared' | 'private' | 'locked';

/** Members are undefined when the option is not there: what they are then depends on who mounts. */
export interface Mount {
  readonly type: MountType;
  readonly from?: string;
  readonly source?: string;
  readonly target?: string;
  readonly readonly: boolean;
  readonly id?: string;
  readonly sharing?: CacheSharing;
  readonly required: boolean;
  /** tmpfs only; 0 for no limit. */
  readonly sizeBytes?: number;
  /** secret only: name of the variable to hold it. */
  readonly env?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

type Draft = {-readonly [K in keyof Mount]?: Mount[K] | undefined} & {type: MountType};

const mountTypes: readonly MountType[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'];
const sharingModes: readonly CacheSharing[] = ['shared', 'private', 'locked'];
const idMax = 0xffff_ffff;

/** Throws PlanProblem. `expand` gives the value of a word with variables, and may throw one too. */
export function parseMount(value: string, expand: (word: string) => string): Mount {
  const draft: Draft = {type: 'bind'};
  for (const field of fieldsOf(value)) readField(draft, field, expand);
  return finish(draft);
}

/** What can be said before variables have values. Throws PlanProblem. */
export function checkMount(value: string): void {
  for (const field of fieldsOf(value)) {
    const {key, value: text} = splitField(field);
    if (key !== 'from' || text === undefined || !/\$./s.test(text)) continue;
    throw problem(`'from' doesn't support variable expansion, define alias stage instead`);
  }
}

function fieldsOf(value: string): readonly string[] {
  const fields = csvFields(value);
  if ('error' in fields) throw problem(`failed to parse csv mounts: ${fields.error}`);
  return fields;
}

function splitField(field: string): {readonly key: string; readonly value: string | undefined} {
  const equals = field.indexOf('=');
  if (equals < 0) return {key: field.toLowerCase(), value: undefined};
  return {key: field.slice(0, equals).toLowerCase(), value: field.slice(equals + 1)};
}

/** Options that are set by name; `value` is undefined for a bare `ro`. */
const options: Readonly<Record<string, (draft: Draft, value: string | undefined, field: Field) => void>> = {
  type: (draft, value, field) => {
    draft.type = oneOf(mountTypes, needed(value, field), 'unsupported mount type');
  },
  from: (draft, value, field) => {
    draft.from = needed(value, field);
  },
  source: (draft, value, field) => {
    draft.source = needed(value, field);
  },
  target: (draft, value, field) => {
    draft.target = needed(value, field);
  },
  readonly: (draft, value, field) => {
    draft.readonly = yesOrNo(value, field);
  },
  readwrite: (draft, value, field) => {
    draft.readonly = !yesOrNo(value, field);
  },
  required: (draft, value, field) => {
    onlyFor(draft, ['secret', 'ssh'], field);
    draft.required = yesOrNo(value, field);
  },
  size: (draft, value, field) => {
    const text = needed(value, field);
    onlyFor(draft, ['tmpfs'], field);
    draft.sizeBytes = parseSizeBytes(text);
    if (draft.sizeBytes === undefined) throw problem(`invalid value for ${field.key}: ${text}`);
  },
  id: (draft, value, field) => {
    draft.id = needed(value, field);
  },
  sharing: (draft, value, field) => {
    draft.sharing = oneOf(sharingModes, needed(value, field), 'unsupported sharing value');
  },
  env: (draft, value, field) => {
    const text = needed(value, field);
    onlyFor(draft, ['secret'], field);
    draft.env = text;
  },
  mode: (draft, value, field) => {
    draft.mode = numeral(needed(value, field), 8, field);
  },
  uid: (draft, value, field) => {
    draft.uid = numeral(needed(value, field), 10, field);
  },
  gid: (draft, value, field) => {
    draft.gid = numeral(needed(value, field), 10, field);
  },
};

const shortNames: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};

interface Field {
  readonly key: string;
  readonly text: string;
}

function readField(draft: Draft, text: string, expand: (word: string) => string): void {
  about(text, () => setField(draft, text, expand));
}

function setField(draft: Draft, text: string, expand: (word: string) => string): void {
  const {key, value} = splitField(text);
  const field = {key, text};
  const name = Object.hasOwn(shortNames, key) ? (shortNames[key] ?? key) : key;
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  const isBare = value === undefined;
  if (isBare && !['readonly', 'readwrite', 'required'].includes(name)) {
    const hints = text === '' ? ['no blank may stand between the options of --mount'] : [];
    throw new PlanProblem('dockerfile-mount', `invalid field '${text}' must be a key=value pair`, hints);
  }
  const expanded = isBare ? undefined : expand(value);
  if (option === undefined) {
    const match = nearest(key, [...Object.keys(options), ...Object.keys(shortNames)]);
    throw problem(`unexpected key '${key}' in '${text}'`, match);
  }
  option(draft, expanded, field);
}

function finish(draft: Draft): Mount {
  const {type} = draft;
  if (type === 'bind' || type === 'tmpfs') {
    for (const key of ['mode', 'uid', 'gid'] as const) {
      if (draft[key] !== undefined) throw problem(`${key} not allowed for "${type}" type mounts`);
    }
  }
  if (type === 'secret') checkSecret(draft);
  if (draft.sharing !== undefined && type !== 'cache') {
    throw problem(`invalid cache sharing set for ${type} mount`);
  }
  const readonly = draft.readonly ?? (type !== 'cache' && type !== 'tmpfs');
  const set = Object.entries(draft).filter(([, value]) => value !== undefined);
  return {...(Object.fromEntries(set) as Partial<Mount>), type, readonly, required: draft.required ?? false};
}

function checkSecret({from, sharing, source, target, id}: Draft): void {
  if (isSet(from)) throw problem('secret mount should not have a from');
  if (sharing !== undefined) throw problem('secret mount should not define sharing');
  if (!isSet(source) && !isSet(target) && !isSet(id)) {
    throw problem('invalid secret mount. one of source, target required');
  }
  if (isSet(source) && isSet(id)) throw problem("both source and id can't be set");
}

/** An empty value is like no value to docker. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function needed(value: string | undefined, field: Field): string {
  if (value === undefined) throw problem(`invalid field '${field.text}' must be a key=value pair`);
  return value;
}

function onlyFor(draft: Draft, types: readonly MountType[], field: Field): void {
  if (types.includes(draft.type)) return;
  throw problem(`unexpected key '${field.key}' for mount type '${draft.type}'`);
}

function oneOf<T extends string>(known: readonly T[], value: string, complaint: string): T {
  const found = known.find((each) => each === value.toLowerCase());
  if (found !== undefined) return found;
  throw problem(`${complaint} ${JSON.stringify(value)}`, nearest(value, known));
}

function yesOrNo(value: string | undefined, field: Field): boolean {
  const isYes = value === undefined ? true : goBool(value);
  if (isYes !== undefined) return isYes;
  throw problem(`invalid value for ${field.key}: ${value}`);
}

function numeral(value: string, radix: 8 | 10, field: Field): number {
  const digits = radix === 8 ? /^[0-7]+$/ : /^[0-9]+$/;
  const number = digits.test(value) ? Number.parseInt(value, radix) : Number.NaN;
  if (number <= idMax) return number;
  throw problem(`invalid value ${value} for ${field.key}`);
}

function problem(message: string, match?: string): PlanProblem {
  return new PlanProblem('dockerfile-mount', message, match === undefined ? [] : [`did you mean ${match}?`]);
}
