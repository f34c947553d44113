// Ages, times and sizes as docker prints them.

import {inDecimalUnits} from '../../progress/figures.ts';

/** `3 hours ago` (docker's units: rounded down, weeks up to two months, then months, then years). */
export function ageText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.round(seconds / 3600)];
  const text = ((): string => {
    if (seconds < 1) return 'Less than a second';
    if (seconds === 1) return '1 second';
    if (seconds < 60) return `${seconds} seconds`;
    if (minutes === 1) return 'About a minute';
    if (minutes < 60) return `${minutes} minutes`;
    if (hours === 1) return 'About an hour';
    if (hours < 48) return `${hours} hours`;
    if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
    if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
    if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
    return `${Math.floor(hours / 24 / 365)} years`;
  })();
  return `${text} ago`;
}

/** `2024-03-01 10:20:30 +0000 UTC`. */
export function timeText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
}

/** Decimal units, three digits: `7.05MB`. */
export function sizeText(bytes: number): string {
  return inDecimalUnits(bytes, (size) => String(Number(size.toPrecision(3))));
}
