// The soundness search (kept-cache.test.ts) on machines that have nothing in common but a shared cache, and on one
// whose cache loses things between two builds.

import {expect, it} from 'vitest';
import {isSoak, Search, soakRounds, timeoutMs} from './search.ts';

const rounds = isSoak ? Math.floor(soakRounds / 2) : 12;

it(`${rounds} random projects give what they give without a cache, whatever becomes of it`, {
  timeout: timeoutMs,
}, async () => {
  await using search = await Search.open();
  expect(await search.firstLie(['shared', 'pruned'], rounds)).toBeUndefined();
});
