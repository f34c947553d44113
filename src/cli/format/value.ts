// What templates look at, and how it is printed. JSON-shaped values as Go has them: a plain object is a struct, where
// a field that does not exist is a mistake; a Map is a Go map, where a missing key is `<no value>`. Texts are those
// of Go's fmt (%v) and encoding/json, since scripts written for docker compare them.

export type FormatValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | readonly FormatValue[]
  | FormatMap
  | FormatObject;

export type FormatMap = ReadonlyMap<string, FormatValue>;

export interface FormatObject {
  readonly [field: string]: FormatValue;
  readonly [document]?: unknown;
  readonly [optional]?: ReadonlySet<string>;
}

/** What an object was made of: `json` prints this, where Go's fields have other names than JSON's members. */
const document = Symbol('document');

export function asDocument(made: FormatMap | object, fields: FormatObject): FormatObject {
  return {...fields, [document]: made};
}

/** Names of members that JSON has only where they are not zero (`omitempty`); a template sees the zero. */
const optional = Symbol('optional');

export function withOptional(fields: FormatObject, names: readonly string[]): FormatObject {
  return {...fields, [optional]: new Set(names)};
}

/** Any JSON: objects are maps, since their members are nobody's fields. */
export function formatOf(json: unknown): FormatValue {
  if (Array.isArray(json)) return json.map(formatOf);
  if (typeof json !== 'object' || json === null) return json as FormatValue;
  return new Map(Object.entries(json).map(([key, member]) => [key, formatOf(member)]));
}

/** Go's nil slice and nil map: printed as empty ones, null in JSON. */
export const nilList: readonly FormatValue[] = [];
export const nilMap: FormatMap = new Map();
/** The same of members that are left out of JSON then (`omitempty`). */
export const absentList: readonly FormatValue[] = [];
export const absentMap: FormatMap = new Map();

/** Go's map of a JSON object; null stays null. */
export function mapOf(members: Readonly<Record<string, FormatValue>> | null | undefined): FormatMap | null {
  if (members === null || members === undefined) return null;
  return new Map(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

export function isMap(value: FormatValue): value is FormatMap {
  return value instanceof Map;
}

export function isList(value: FormatValue): value is readonly FormatValue[] {
  return Array.isArray(value);
}

export function isObject(value: FormatValue): value is FormatObject {
  return typeof value === 'object' && value !== null && !isList(value) && !isMap(value);
}

/** `%v`: `[a b]`, `map[k:v]`, `{a b}`, `<no value>` for nothing. */
export function textOf(value: FormatValue): string {
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(textOf).join(' ')}]`;
  if (isMap(value)) return `map[${[...value].map(([key, member]) => `${key}:${textOf(member)}`).join(' ')}]`;
  if (isObject(value)) return `{${Object.values(value).map(textOf).join(' ')}}`;
  return String(value);
}

/** As JSON.stringify wants it: maps become objects. */
export function jsonOf(value: FormatValue): unknown {
  if (value === undefined || value === nilList || value === nilMap) return null;
  if (isList(value)) return value.map(jsonOf);
  if (isMap(value)) return Object.fromEntries([...value].map(([key, member]) => [key, jsonOf(member)]));
  if (!isObject(value)) return value;
  const made = value[document];
  if (made !== undefined) return isMap(made as FormatValue) ? jsonOf(made as FormatMap) : made;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      isAbsent(member) || (value[optional]?.has(key) && !isTrue(member)) ? [] : [[key, jsonOf(member)]],
    ),
  );
}

function isAbsent(value: FormatValue): boolean {
  return value === undefined || value === absentList || value === absentMap;
}

/** Go's "truth": not zero, not empty, not nil. */
export function isTrue(value: FormatValue): boolean {
  if (isList(value)) return value.length > 0;
  if (isMap(value)) return value.size > 0;
  return Boolean(value);
}
