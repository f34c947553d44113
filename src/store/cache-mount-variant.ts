// What keeps cache mounts of one id apart: owner and mode of the root, where the first contents came from, and of
// private ones a number. The text is part of where a cache is kept, so it must not change.

export interface CacheVariant {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Path of the first contents in what the mount is `from`; empty: it begins empty. */
  readonly source: string;
  /** Which of several that steps had for themselves at the same time; 0: the first or only one. */
  readonly number: number;
}

/** What `RUN --mount=type=cache` makes when nothing else is said. */
export const plainVariant: CacheVariant = {mode: 0o755, uid: 0, gid: 0, source: '', number: 0};

export function variantText({mode, uid, gid, source, number}: CacheVariant): string {
  return `${JSON.stringify([mode, uid, gid, source])}${number === 0 ? '' : ` ${number}`}`;
}

/** The other way; undefined: no such text. */
export function parseVariantText(text: string): CacheVariant | undefined {
  const [, list = '', number = '0'] = /^(\[.*\])(?: (\d+))?$/s.exec(text) ?? [];
  try {
    const [mode, uid, gid, source] = JSON.parse(list) as unknown[];
    const isWhole = [mode, uid, gid].every(Number.isSafeInteger) && typeof source === 'string';
    return isWhole
      ? {
          mode: Number(mode),
          uid: Number(uid),
          gid: Number(gid),
          source: String(source),
          number: Number(number),
        }
      : undefined;
  } catch {
    return undefined;
  }
}

/** As the options of a mount say it: `mode=0755,uid=0,gid=0`. */
export function variantOptions({mode, uid, gid, source, number}: CacheVariant): string {
  const parts = [`mode=0${mode.toString(8)}`, `uid=${uid}`, `gid=${gid}`];
  if (source !== '') parts.push(`source=${source}`);
  if (number !== 0) parts.push(`private=${number}`);
  return parts.join(',');
}

/** Reads such options; those that are missing are as in a plain mount. Undefined: they make no sense. */
export function parseVariantOptions(text: string): CacheVariant | undefined {
  const variant = {...plainVariant};
  for (const part of text === '' ? [] : text.split(',')) {
    const [, name = '', value = ''] = /^([a-z]+)=(.+)$/s.exec(part) ?? [];
    if (name === 'mode' && /^[0-7]{1,5}$/.test(value)) variant.mode = Number.parseInt(value, 8);
    else if (name === 'source') variant.source = value;
    else if (!/^\d{1,10}$/.test(value)) return undefined;
    else if (name === 'uid' || name === 'gid') variant[name] = Number(value);
    else if (name === 'private') variant.number = Number(value);
    else return undefined;
  }
  return variant;
}
