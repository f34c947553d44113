// Arguments of the helper's `copy` verb for one source of a selection. A directory from which nothing was filtered is
// named and no more, so that a copy of 50,000 files is still a short request; otherwise every path is listed.

import {base} from '../util/go-path.ts';
import {isDirectory, type TreeRecord} from './record.ts';
import type {SelectedSource} from './select.ts';

/** What follows `action=copy view=N`; owner and mode are the caller's to add. */
export function copyArgumentsOf(source: SelectedSource, destination: string): string[] {
  const args = [`source=${source.path}`, `destination=${destination}`];
  if (source.kind === 'file') {
    // The source was reached through a symlink; the destination has the symlink's name.
    if (base(source.path) !== source.name) args.push(`name=${source.name}`);
    return args;
  }
  if (!source.filtered) return args;
  args.push('only=1');
  for (const record of withoutPassedDirectories(source.entries)) args.push(`include=${record.path}`);
  return args;
}

/** The directories on the way to an included path are made with their own metadata; only empty ones must be named. */
function withoutPassedDirectories(entries: readonly TreeRecord[]): TreeRecord[] {
  return entries.filter(
    (record, index) => !isDirectory(record) || !entries[index + 1]?.path.startsWith(`${record.path}/`),
  );
}
