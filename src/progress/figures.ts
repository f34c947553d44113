// Times and sizes as BuildKit's progress prints them.

import type {StepUsage} from './events.ts';

/** `0.3s` with one digit. */
export function secondsText(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`;
}

/** `12.34MB`, decimal units. */
export function bytesText(bytes: number): string {
  return inDecimalUnits(bytes, (size) => size.toFixed(2));
}

/** In the largest unit of which there is one at least; `textOf` writes what is no whole number of bytes. */
export function inDecimalUnits(bytes: number, textOf: (size: number) => string): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? size : textOf(size)}${units[unit]}`;
}

/** From this on it is of interest what a step used. */
const usageFromMs = 1000;

/** From this on it is of interest what a step had of the disks. */
const diskBytesMin = 1e6;

/**
 * ` cpu 5.1s  mem 212 MB  read 12 MB  wrote 1.1 GB` of a step that took that long; `ran 0.8s` before it when most of that
 * was not the process.
 */
export function usageText(usage: StepUsage | undefined, stepMs: number): string {
  if (usage === undefined || stepMs < usageFromMs) return '';
  const {wallMs, cpuMs, memoryBytes, readBytes, writtenBytes} = usage;
  const ran = stepMs - wallMs < usageFromMs ? '' : `  ran ${secondsText(wallMs)}`;
  const read = readBytes < diskBytesMin ? '' : `  read ${sizeText(readBytes)}`;
  const wrote = writtenBytes < diskBytesMin ? '' : `  wrote ${sizeText(writtenBytes)}`;
  return `${ran}  cpu ${secondsText(cpuMs)}  mem ${sizeText(memoryBytes)}${read}${wrote}`;
}

function sizeText(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
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
