// Whether a build has to do with shared caches: asked by every build, so it loads nothing.

import {goBool} from '../../util/go-bool.ts';
import type {BuildRequest} from '../request.ts';

type CacheWishes = Pick<BuildRequest, 'cacheFrom' | 'cacheTo' | 'buildArgs'>;

export function wantsCaches(request: CacheWishes): boolean {
  return (request.cacheFrom ?? []).length + (request.cacheTo ?? []).length > 0 || wantsInline(request);
}

/** Whether images are to tell what they can be built from: `type=inline`, or BuildKit's older build argument. */
export function wantsInline({cacheTo = [], buildArgs}: CacheWishes): boolean {
  return (
    goBool(buildArgs['BUILDKIT_INLINE_CACHE'] ?? '') === true || cacheTo.some(({type}) => type === 'inline')
  );
}

/** Whether cache mounts are to be shared. */
export function wantsMounts({cacheFrom = [], cacheTo = []}: CacheWishes): boolean {
  return [...cacheFrom, ...cacheTo].some(({options}) => options.has('mounts'));
}
