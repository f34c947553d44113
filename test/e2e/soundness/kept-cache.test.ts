// The soundness search: random Dockerfiles and random edits, built with whatever is in the cache, against a build of
// the same without any. The images have to be equal: config and layers, times included, since the files of the context
// have times that do not change. SEED=N begins with another project (a failure says which); TSBUILD_SOAK=1 tries
// thousands, or as many as ROUNDS says.

import {expect, it} from 'vitest';
import {isSoak, Search, soakRounds, timeoutMs} from './search.ts';

const rounds = isSoak ? Math.ceil(soakRounds / 2) : 16;

it(`${rounds} random projects and their edits give what they give without a cache`, {
  timeout: timeoutMs,
}, async () => {
  await using search = await Search.open();
  expect(await search.firstLie(['kept'], rounds)).toBeUndefined();
});
