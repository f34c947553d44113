// "Did you mean" for words of a Dockerfile: at most two slips, whatever the length, as BuildKit has it. More generous
// than util/suggest with short words (`--foo` for `--from`), which are the rule here.

import {editDistance} from '../util/suggest.ts';

const slipsMax = 2;

/** The candidate nearest to `word`, whatever the case; undefined when none is near, or one is the word itself. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = slipsMax + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance);
    if (distance === 0) return undefined;
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
