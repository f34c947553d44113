// Truth as Go's strconv.ParseBool reads it, and with it docker and BuildKit: in flags, options and build arguments.

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text): [string, boolean] => [text, true]),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text): [string, boolean] => [text, false]),
]);

/** Undefined: neither. */
export function goBool(text: string): boolean | undefined {
  return truths.get(text);
}
