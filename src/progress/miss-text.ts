// What stands beside a step that was not found in the cache.

import type {MissReason} from './events.ts';

export function missText({text}: MissReason): string {
  return `not cached: ${text}`;
}
