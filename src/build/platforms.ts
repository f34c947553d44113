// A build for several platforms is several plans of one file. All are made before anything runs, and the mistakes of
// all are told together, each once: most are in every plan.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {formatPlatform, hostPlatform, type Platform} from '../oci/platform.ts';
import {assert} from '../util/assert.ts';
import type {AtLeastOne} from '../util/at-least-one.ts';
import type {BuildRequest} from './request.ts';

/** In the order of the result. */
export function targetPlatforms({platforms}: Pick<BuildRequest, 'platforms'>): AtLeastOne<Platform> {
  const [first = hostPlatform(), ...others] = platforms;
  return [first, ...others];
}

/** Whether the result is a list of images, though it may hold one only. `BUILDKIT_MULTI_PLATFORM` asks for that. */
export function isPlatformList({
  platforms,
  buildArgs,
}: Pick<BuildRequest, 'platforms' | 'buildArgs'>): boolean {
  const name = 'BUILDKIT_MULTI_PLATFORM';
  const asked = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
  return platforms.length > 1 || /^(?:1|t|true)$/i.test(asked ?? '');
}

/**
 * Plans each of `requests`, all at once. Throws a BuildError with the mistakes of all of them; what keeps only some
 * from being built says for which platforms it does.
 */
export async function planTogether<R extends {readonly targetPlatform: Platform}, T>(
  requests: AtLeastOne<R>,
  plan: (request: R) => Promise<T>,
): Promise<AtLeastOne<T>> {
  const outcomes = await Promise.allSettled(requests.map(plan));
  const failures: {readonly error: BuildError; readonly platform: string}[] = [];
  const plans: T[] = [];
  outcomes.forEach((outcome, index) => {
    const request = requests[index];
    if (outcome.status === 'fulfilled') plans.push(outcome.value);
    else if (!(outcome.reason instanceof BuildError) || request === undefined) throw outcome.reason;
    else failures.push({error: outcome.reason, platform: formatPlatform(request.targetPlatform)});
  });
  const [failure] = failures;
  if (failure !== undefined)
    throw requests.length === 1 ? failure.error : together(failures, requests.length);
  const [first, ...others] = plans;
  assert(first !== undefined, 'what did not fail was planned');
  return [first, ...others];
}

function together(
  failures: readonly {readonly error: BuildError; readonly platform: string}[],
  count: number,
): BuildError {
  const seen = new Map<string, {readonly diagnostic: Diagnostic; readonly platforms: string[]}>();
  for (const {error, platform} of failures) {
    for (const diagnostic of error.diagnostics) {
      const {code, message, file, span} = diagnostic;
      const key = JSON.stringify([code, message, file?.path, span]);
      const known = seen.get(key) ?? {diagnostic, platforms: []};
      seen.set(key, known);
      if (!known.platforms.includes(platform)) known.platforms.push(platform);
    }
  }
  const [first, ...rest] = Array.from(seen.values(), ({diagnostic, platforms}): Diagnostic => {
    if (platforms.length === count) return diagnostic;
    return {...diagnostic, notes: [...(diagnostic.notes ?? []), `when built for ${platforms.join(', ')}`]};
  });
  const [failure] = failures;
  assert(first !== undefined && failure !== undefined, 'there are failures to put together');
  return new BuildError(failure.error.kind, [first, ...rest], {cause: failure.error});
}
