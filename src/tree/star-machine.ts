// A pattern with many stars, matched by following all ways at once. A regular expression of JavaScript tries them one
// after the other, which takes forever on `*a*a*a*a*a*b`; Go's, which docker uses, does what is done here. It costs
// more than a regular expression on an ordinary pattern, so only patterns that need it come here.

/** Stars that a regular expression may have: each multiplies the ways by the length of the path. */
const starsMax = 3;
/** What moby's conversion hands through to the expression, or reads itself. */
const expressive = /[[\]{}|\\^\ufeff]/;

type Step =
  | {readonly kind: 'character'; readonly text: string}
  /** `?` */
  | {readonly kind: 'any'}
  /** `*`: stays while no slash comes. */
  | {readonly kind: 'star'}
  /** `**`: stays while no newline comes. */
  | {readonly kind: 'stars'}
  /** `**` and a slash: nothing at all, or anything up to a slash. */
  | {readonly kind: 'directories'};

/** The test of `pattern`; undefined for one that a regular expression can be trusted with, or must be. */
export function starMachineOf(pattern: string): ((path: string) => boolean) | undefined {
  if (expressive.test(pattern) || pattern.split('*').length - 1 <= starsMax) return undefined;
  const steps = stepsOf(pattern);
  return (path) => matches(steps, Array.from(path));
}

function stepsOf(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  const parts = pattern.match(/\*\*\/?|./gsu) ?? [];
  parts.forEach((text, index) => {
    if (text === '?') steps.push({kind: 'any'});
    else if (text === '*') steps.push({kind: 'star'});
    else if (!text.startsWith('**')) steps.push({kind: 'character', text});
    else steps.push({kind: index === parts.length - 1 ? 'stars' : 'directories'});
  });
  return steps;
}

function matches(steps: readonly Step[], path: readonly string[]): boolean {
  let now = new Uint8Array(steps.length + 1);
  reach(now, 0, steps);
  // Of `directories`: it was entered and waits for a slash.
  let inside = new Uint8Array(steps.length);
  for (const character of path) {
    const next = new Uint8Array(steps.length + 1);
    const nextInside = new Uint8Array(steps.length);
    for (const [index, step] of steps.entries()) {
      const isHere = now[index] === 1;
      if (step.kind === 'directories') {
        if ((!isHere && inside[index] === 0) || character === '\n') continue;
        nextInside[index] = 1;
        if (character === '/') reach(next, index + 1, steps);
      } else if (isHere) {
        if (step.kind === 'character' && character === step.text) reach(next, index + 1, steps);
        else if (step.kind === 'any' && character !== '/') reach(next, index + 1, steps);
        else if (step.kind === 'star' && character !== '/') reach(next, index, steps);
        else if (step.kind === 'stars' && character !== '\n') reach(next, index, steps);
      }
    }
    [now, inside] = [next, nextInside];
  }
  return now[steps.length] === 1;
}

/** Marks a step, and those behind it that need nothing. */
function reach(marks: Uint8Array, first: number, steps: readonly Step[]): void {
  for (let index = first; marks[index] === 0; index++) {
    marks[index] = 1;
    const kind = steps[index]?.kind;
    if (kind === undefined || kind === 'character' || kind === 'any') return;
  }
}
