// Times and sizes as BuildKit's progress prints them.

/** `0.3s` with one digit. */
export function secondsText(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`;
}

/** `12.34MB`, decimal units. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return unit === 0 ? `${size}B` : `${size.toFixed(2)}${units[unit]}`;
}

export interface Amount {
  readonly current: number;
  /** 0 when unknown. */
  readonly total: number;
  readonly unit: 'bytes' | 'files';
}

/** ` 1.00MB / 2.00MB`, ` 17 files`, or nothing when nothing has happened yet. */
export function amountText({current, total, unit}: Amount): string {
  const text = (value: number): string => (unit === 'bytes' ? bytesText(value) : String(value));
  const suffix = unit === 'files' ? ' files' : '';
  if (total > 0) return ` ${text(current)} / ${text(total)}${suffix}`;
  return current > 0 ? ` ${text(current)}${suffix}` : '';
}
