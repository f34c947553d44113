// Where the file systems of a build go that is written as files: each platform in a directory of its own, or all in
// one, where no file may belong to two of them.

import {type View, viewArguments} from '../helper/helper.ts';
import {formatPlatform, formatPlatformVersion} from '../oci/platform.ts';
import {isDirectory, ScanDecoder} from '../tree/record.ts';
import type {ExportOptions} from './export-options.ts';
import type {BuiltImage, BuiltImages, ExportContext} from './exporter.ts';

export const splitOption = {
  'platform-split': 'a directory for each platform, such as linux_arm64 (default: in a build for several)',
} as const;

export interface FileSystem {
  /** Relative; '' is the place itself. */
  readonly directory: string;
  readonly platform: string;
  readonly view: View;
  readonly image: BuiltImage;
}

/** Throws BuildError when files of two platforms would be one. */
export async function fileSystemsOf(
  {images, isList}: BuiltImages,
  options: ExportOptions,
  context: ExportContext,
): Promise<readonly FileSystem[]> {
  const split = options.boolean('platform-split', isList);
  const systems: FileSystem[] = [];
  for (const image of images) {
    systems.push({
      directory: split ? formatPlatformVersion(image.platform).replaceAll('/', '_') : '',
      platform: formatPlatform(image.platform),
      view: await image.rootView(context.signal),
      image,
    });
  }
  if (!split && systems.length > 1) await refuseCollisions(systems, options, context);
  return systems;
}

async function refuseCollisions(
  systems: readonly FileSystem[],
  options: ExportOptions,
  context: ExportContext,
): Promise<void> {
  const seen = new Map<string, {readonly platform: string; readonly directory: boolean}>();
  const collisions: string[] = [];
  for (const {platform, view} of systems) {
    for (const {path, mode} of await recordsOf(view, context)) {
      const directory = isDirectory({mode});
      const other = seen.get(path);
      if (other === undefined) seen.set(path, {platform, directory});
      else if (!other.directory || !directory) {
        collisions.push(`${path} of ${other.platform} and of ${platform}`);
      }
    }
  }
  const [first, ...more] = collisions;
  if (first === undefined) return;
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  throw options.problem(
    `with platform-split=false would write one file over another: ${first}${others}`,
    'without platform-split=false each platform has a directory of its own',
    'user',
  );
}

export async function recordsOf(view: View, context: ExportContext): Promise<ScanDecoder['records']> {
  const decoder = new ScanDecoder();
  const helper = await context.helper();
  await helper.request('scan', viewArguments(view), {
    signal: context.signal,
    onData: (bytes) => decoder.push(bytes),
  });
  return decoder.finish();
}
