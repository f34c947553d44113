// What directories take on the disk, each file once however many links it has. Layer directories never change, so what
// was counted is noted; everything else is counted anew.

import type {Stats} from 'node:fs';
import {lstat, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {isDiskFull} from '../store/disk-full.ts';
import type {Notes} from '../store/notes.ts';

const blockBytes = 512;

/** Bytes on disk of a directory and all below it. What cannot be read, or goes meanwhile, counts nothing. */
export async function diskUse(directory: string): Promise<number> {
  const linked = new Set<string>();
  const own = await statOf(directory);
  return own === undefined ? 0 : own.blocks * blockBytes + (await below(directory, linked));
}

async function below(directory: string, linked: Set<string>): Promise<number> {
  let bytes = 0;
  for (const entry of await entriesOf(directory)) {
    const path = join(directory, entry.name);
    const stat = await statOf(path);
    if (stat === undefined) continue;
    if (stat.nlink > 1 && !entry.isDirectory()) {
      const identity = `${stat.dev}:${stat.ino}`;
      if (linked.has(identity)) continue;
      linked.add(identity);
    }
    bytes += stat.blocks * blockBytes;
    if (entry.isDirectory()) bytes += await below(path, linked);
  }
  return bytes;
}

/** Of a layer's directory, counted once. */
export async function layerUse(layer: string, directory: string, notes: Notes): Promise<number> {
  const known = notes.getText('size', layer);
  if (known !== undefined) return Number(known);
  const bytes = await diskUse(directory);
  if ((await statOf(directory)) === undefined) return bytes;
  try {
    notes.set('size', layer, String(bytes));
  } catch (error) {
    // It is measured again next time: what needs the space most is what makes some.
    if (!isDiskFull(error)) throw error;
  }
  return bytes;
}

async function statOf(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(() => undefined);
}

async function entriesOf(directory: string): Promise<import('node:fs').Dirent[]> {
  return readdir(directory, {withFileTypes: true}).catch(() => []);
}
