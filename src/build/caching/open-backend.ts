// One --cache-from or --cache-to as an open backend, and what every kind of cache can be told.

import type {BackendDirection, BackendServices, CacheBackend} from '../../cache/backends/backend.ts';
import {createBackend, factoryOf} from '../../cache/backends/index.ts';
import {badCacheOption, checkKnown} from '../../cache/backends/read-options.ts';
import {defaultScope} from '../../cache/mounts/mount-document.ts';
import {durationMs} from '../../config/read-gc.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import type {CacheSpec} from '../request.ts';

/** With what every cache has, or may only say what happens anyway, as BuildKit names them. */
const generalOptions: Readonly<Record<BackendDirection, readonly string[]>> = {
  from: ['timeout', 'mounts', 'scope'],
  to: [
    'mode',
    'ignore-error',
    'image-manifest',
    'oci-mediatypes',
    'compression',
    'compression-level',
    'force-compression',
    'timeout',
    'mounts',
    'scope',
  ],
};
const fixedOptions: Readonly<Record<string, readonly string[]>> = {
  'image-manifest': ['true', '1'],
  'oci-mediatypes': ['true', '1'],
  compression: ['gzip'],
  'force-compression': ['false', '0'],
};
export const patienceSeconds = 15;
const patienceSecondsMax = 24 * 3600;
const scopeLengthMax = 255;

export function openBackend(
  {type, options}: CacheSpec,
  direction: BackendDirection,
  services: BackendServices,
): CacheBackend {
  const general = generalOptions[direction];
  checkKnown(type, options, [...Object.keys(factoryOf(type).options), ...general]);
  for (const [key, accepted] of Object.entries(fixedOptions)) {
    const value = options.get(key);
    if (value === undefined || accepted.includes(value.toLowerCase())) continue;
    throw badCacheOption(
      type,
      `does not support ${key}=${value}`,
      `layers are kept as they are, with ${key}=${accepted[0]}`,
    );
  }
  const isOwn = (key: string): boolean =>
    Object.hasOwn(factoryOf(type).options, key) || !general.includes(key);
  if (options.has('scope') && !isOwn('scope') && !options.has('mounts')) {
    throw badCacheOption(
      type,
      'has scope= for mounts= only',
      'records of steps are safe to share without one',
    );
  }
  const own = new Map([...options].filter(([key]) => isOwn(key)));
  return createBackend(type, own, services, direction);
}

/** Of options that are understood and change nothing: one warning for each sentence that there is to say. */
export function idleOptionsOf({type, options}: CacheSpec): readonly Diagnostic[] {
  const level = options.has('compression-level')
    ? ['does not use compression-level=: layers are kept as they are']
    : [];
  const sentences = [...level, ...(factoryOf(type).idle?.(options) ?? [])];
  return sentences.map((sentence) => ({
    severity: 'warning',
    code: 'cache-idle-option',
    message: `cache type=${type} ${sentence}`,
  }));
}

/** In seconds. */
export function patienceOf({type, options}: CacheSpec): number {
  const text = options.get('timeout');
  if (text === undefined) return patienceSeconds;
  const seconds = (durationMs(/^\d+\.\d+$/.test(text) ? `${text}s` : text) ?? 0) / 1000;
  if (seconds <= 0 || seconds > patienceSecondsMax) {
    throw badCacheOption(type, `expects timeout=SECONDS or a time such as 10m, got "${text}"`);
  }
  return seconds;
}

export interface MountWish {
  readonly scope: string;
  /** Undefined: all. */
  readonly ids: ReadonlySet<string> | undefined;
}

/** Which cache mounts it is to share, and as whose; undefined: none. */
export function mountWishOf({type, options}: CacheSpec): MountWish | undefined {
  const mounts = options.get('mounts');
  if (mounts === undefined) return undefined;
  if (type === 'inline') throw badCacheOption(type, 'has no mounts=', 'an image has no cache mounts inside');
  const ids = mounts.split(',').map((id) => id.trim());
  if (ids.includes('')) throw badCacheOption(type, `expects mounts=all or mounts=ID[,ID…], got "${mounts}"`);
  const scope = options.get('scope') ?? defaultScope;
  if (scope === '' || scope.length > scopeLengthMax) throw badCacheOption(type, 'expects scope=NAME');
  return {scope, ids: mounts === 'all' ? undefined : new Set(ids)};
}
