// Which cache mount a command line means.

import {buildError} from '../../../diagnostics/build-error.ts';
import {
  parseVariantOptions,
  parseVariantText,
  variantOptions,
  variantText,
} from '../../../store/cache-mount-variant.ts';
import type {CacheMountFacts, CacheName, CacheVariantFacts} from '../../../store/cache-mounts.ts';
import {suggest} from '../../../util/suggest.ts';
import type {FlagValues} from '../../flag-values.ts';

/** By id, or by the beginning of its folder's name. Throws BuildError('user') when there is none. */
export function chosenCache(known: readonly CacheMountFacts[], operand: string): CacheMountFacts {
  const all = known.filter(hasVariants);
  const byId = all.find(({id}) => id === operand);
  const byFolder = /^[0-9a-f]{4,64}$/.test(operand)
    ? all.filter(({folder}) => folder.startsWith(operand))
    : [];
  const chosen = byId ?? (byFolder.length === 1 ? byFolder[0] : undefined);
  if (chosen !== undefined) return chosen;
  if (byFolder.length > 1) {
    throw buildError('user', 'cache-mount-ambiguous', `${operand} is the beginning of several IDs`);
  }
  const near = suggest(
    operand,
    all.flatMap(({id}) => id ?? []),
  );
  throw buildError('user', 'cache-mount-unknown', `there is no cache mount ${operand}`, {
    hints: [near === undefined ? '"tsbuild cache-mount ls" lists them' : `did you mean ${near}?`],
  });
}

/** Whether there is anything but what is forgotten and only waits for the end of its users. */
export function hasVariants({variants}: CacheMountFacts): boolean {
  return variants.length > 0;
}

/** The one variant that there is, or the one that is asked for. Throws BuildError('user'). */
export function chosenVariant({id, folder, variants}: CacheMountFacts, flags: FlagValues): CacheName {
  const asked = variantFlag(flags);
  const known = variants.flatMap(({description}) => description ?? []);
  const chosen = asked === undefined ? known : known.filter(({variant}) => variant === asked);
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1) return only;
  const message = `cache mount ${id ?? folder} has ${chosen.length === 0 ? 'no such variant' : 'several variants'}`;
  throw buildError('user', 'cache-mount-variant', message, {
    hints: [
      variants.length === 0 ? 'it is empty' : `--variant takes ${variants.map(optionsOf).join(' or ')}`,
    ],
  });
}

/** As the store has it; undefined: not given. */
export function variantFlag(flags: FlagValues): string | undefined {
  const text = flags.last('variant');
  if (text === undefined) return undefined;
  const variant = parseVariantOptions(text);
  if (variant !== undefined) return variantText(variant);
  throw buildError(
    'usage',
    'cli-bad-value',
    `--variant expects options such as mode=0755,uid=0,gid=0, got "${text}"`,
  );
}

export function optionsOf({folder, description}: CacheVariantFacts): string {
  const variant = description === undefined ? undefined : parseVariantText(description.variant);
  return variant === undefined ? folder.slice(0, 12) : variantOptions(variant);
}
