// How long a cache may take for a document before it is done without.

import {buildError} from '../diagnostics/build-error.ts';

/** Runs `work` with a signal that also ends it after `patienceMs`, whether it listens or not. */
export async function withPatience<T>(
  signal: AbortSignal,
  patienceMs: number,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(patienceMs);
  const late = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(tooSlow(patienceMs)), {once: true});
  });
  late.catch(() => undefined);
  const running = work(AbortSignal.any([signal, limit]));
  running.catch(() => undefined);
  return Promise.race([running, late]);
}

function tooSlow(patienceMs: number): Error {
  return buildError('environment', 'cache-too-slow', `no answer in ${patienceMs / 1000} s`);
}
