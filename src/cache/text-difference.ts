// Two values side by side in one line, cut around the place where they differ: of a long command or path the beginning
// is the same, and says nothing.

const shownLengthMax = 40;
/** What is shown before the difference, so that it can be found. */
const leadLength = 12;

/** `before → after`. */
export function changeText(before: unknown, after: unknown): string {
  const [was, is] = around(textOf(before), textOf(after));
  return `${was} → ${is}`;
}

/** `"before" → "after"`; or that only blanks differ, which a line would not show. */
export function quotedChange(before: string, after: string): string {
  const [was, is] = [oneLine(before), oneLine(after)];
  if (was === is) return 'differs in its blanks only';
  return around(was, is)
    .map((text) => `"${text}"`)
    .join(' → ');
}

/** Where two texts begin to differ, as a line number. */
export function firstLineChanged(before: string, after: string): number {
  return before.slice(0, commonStart(before, after)).split('\n').length;
}

function textOf(value: unknown): string {
  if (value === undefined) return 'unset';
  return value === '' ? '""' : oneLine(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function around(before: string, after: string): readonly [string, string] {
  if (Math.max(before.length, after.length) <= shownLengthMax) return [before, after];
  const start = Math.max(0, commonStart(before, after) - leadLength);
  return [cut(before, start), cut(after, start)];
}

function commonStart(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

function cut(text: string, start: number): string {
  const rest = start === 0 ? text : `…${text.slice(start)}`;
  return rest.length <= shownLengthMax ? rest : `${rest.slice(0, shownLengthMax - 1)}…`;
}
