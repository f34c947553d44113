// "Did you mean" as BuildKit has it for names of variables: the first of the nearest by Levenshtein distance, at
// most two steps away; case counts, and a swap of two letters is two steps. Its warnings are compared to the letter,
// so this is not util/suggest.

const stepsMax = 2;
/** Among more names, a name is near by chance. */
const namesMax = 1000;

export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = stepsMax + 1;
  const candidates = [...names];
  if (candidates.length > namesMax) return undefined;
  for (const name of candidates) {
    if (name === wanted) return undefined;
    const steps = stepsBetween(wanted, name, least);
    if (steps >= least) continue;
    least = steps;
    nearest = name;
  }
  return nearest;
}

/** Gives `limit` or more when the distance is not below it. */
function stepsBetween(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let above = Array.from({length: b.length + 1}, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(change, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? limit;
}
