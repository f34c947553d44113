// Sizes as docker writes them: `64m`, `1.5GiB`, `4096`. Always powers of 1024, whatever the suffix.

const pattern = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i;
const powers = ['', 'k', 'm', 'g', 't', 'p'];

/** Bytes, rounded down; undefined when `text` is no size. */
export function parseSizeBytes(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const power = powers.indexOf((match[2] ?? '').toLowerCase());
  return Math.floor(Number(match[1]) * 1024 ** power);
}
