// What stands beside a step that was not found in the cache.

import type {MissReason} from './events.ts';

/** Of a step that ran and gave what it gave before (docs/adr/0016). */
export const unchangedText = 'ran again, layer equal: what builds on it is reused';

export function missText({text}: MissReason): string {
  return `not cached: ${text}`;
}

/** Why a step of an earlier build was not found, and whether that came to nothing. */
export function reasonText(miss: MissReason, unchanged = false): string {
  return unchanged ? `${miss.text}; ${unchangedText}` : miss.text;
}
