// JSON as Go's encoding/json writes it, to the byte: digests are made of it. Members keep their order, undefined ones
// are left out (omitempty is for whoever calls), and what could be taken for HTML is escaped.

export type GoJson =
  | string
  | number
  | boolean
  | readonly GoJson[]
  | {readonly [member: string]: GoJson | undefined};

export function goJson(value: GoJson): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** omitempty: undefined for what Go calls empty. */
export function unlessEmpty<T extends string | number | boolean | readonly unknown[]>(
  value: T,
): T | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  return value === '' || value === 0 || value === false ? undefined : value;
}
