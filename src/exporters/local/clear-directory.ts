// mode=delete: what lies in the directory and is not in the result goes, before the result is copied. Only below the
// directory, and no symlink is followed: the helper resolves what is removed inside it, and stops at mounts.

import {existsSync, realpathSync} from 'node:fs';
import {dirname, relative, resolve} from 'node:path';
import type {View} from '../../helper/helper.ts';
import {isDirectory, type TreeRecord} from '../../tree/record.ts';
import type {ExportOptions} from '../export-options.ts';
import type {ExportContext, ExportSurroundings} from '../exporter.ts';
import {type FileSystem, recordsOf} from '../platform-split.ts';

type Kind = Pick<TreeRecord, 'path' | 'mode'>;

/** As buildx has it: anything else than a directory below the working directory needs the user's word. */
const deleteEntitlement = 'buildx.local.delete';
/** Of one request, which is a frame of limited size. */
const pathsAtOnce = 2_000;

/** Throws BuildError('usage') where emptying `dest` was not allowed. */
export function checkMayClear(
  dest: string,
  {workingDirectory, entitlements}: ExportSurroundings,
  options: ExportOptions,
): void {
  if (entitlements.has(deleteEntitlement)) return;
  const below = relative(realpathSync(workingDirectory), realPlace(resolve(workingDirectory, dest)));
  if (below !== '' && !/^\.\.(\/|$)/.test(below)) return;
  throw options.problem(
    `with mode=delete would remove files of ${dest}, which is not below the working directory`,
    `allow it with --allow ${deleteEntitlement}`,
  );
}

/** Of what need not exist yet. */
function realPlace(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : resolve(realPlace(parent), relative(parent, path));
}

/** Removes what neither `systems` nor `files` have, or have as something else than a file or a directory. */
export async function clearDirectory(
  directory: string,
  systems: readonly FileSystem[],
  files: readonly string[],
  context: ExportContext,
): Promise<void> {
  const kept: Kind[] = files.map((path) => ({path, mode: 0}));
  for (const {directory: own, view} of systems) {
    const records = await recordsOf(view, context);
    if (own === '') kept.push(...records);
    else kept.push(...records.map(({path, mode}) => ({path: path === '.' ? own : `${own}/${path}`, mode})));
  }
  const there: View = {dir: directory};
  const surplus = surplusPaths(await recordsOf(there, context), kept);
  const helper = await context.helper();
  for (let at = 0; at < surplus.length; at += pathsAtOnce) {
    const paths = surplus.slice(at, at + pathsAtOnce).map((path) => `path=${path}`);
    await helper.request('remove', [`dir=${directory}`, ...paths], {signal: context.signal});
  }
  if (surplus.length > 0) context.note(`removed ${surplus.length} entries that are not in the result`);
}

/** The topmost paths of `there` (in the order of a walk) that `kept` does not have as the same kind of thing. */
export function surplusPaths(there: readonly Kind[], kept: readonly Kind[]): readonly string[] {
  const wanted = new Map(kept.map(({path, mode}) => [path, isDirectory({mode})]));
  const surplus: string[] = [];
  let gone: string | undefined;
  for (const {path, mode} of there) {
    if (path === '.' || (gone !== undefined && path.startsWith(`${gone}/`))) continue;
    if (wanted.get(path) === isDirectory({mode})) continue;
    surplus.push(path);
    gone = path;
  }
  return surplus;
}
