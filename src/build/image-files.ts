// The file system of a stored image as one tar: its layers unpacked as a build would have them, and packed flat.

import {makeOutput} from '../exporters/output-file.ts';
import {viewArguments} from '../helper/helper.ts';
import {imageChain} from '../sources/image/image-resolver.ts';
import type {ImageDetails} from '../store/image-store.ts';
import {systemClock} from '../util/clock.ts';
import {type OpenEngineOptions, openEngine} from './engine.ts';

export interface ImageFilesOptions extends Pick<OpenEngineOptions, 'root' | 'configFile' | 'environment'> {
  /** A file, or `-` for `stdout`. */
  readonly dest: string;
  readonly workingDirectory: string;
  readonly stdout: NodeJS.WritableStream;
}

/** Throws BuildError when a layer is not here, or the tar cannot be written. */
export async function packImageFiles(
  image: Pick<ImageDetails, 'name' | 'config' | 'content'>,
  options: ImageFilesOptions,
  signal: AbortSignal,
): Promise<void> {
  await using engine = await openEngine({...options, clock: systemClock, onLayerProgress: () => {}});
  const {name, content: manifest, config} = image;
  const snapshot = await engine.snapshotter.importImage(imageChain(name, {manifest, config}, undefined));
  const view = await engine.snapshotter.view(snapshot, signal);
  const helper = await engine.helper();
  await makeOutput(options.dest, {...options, signal}, async (path) => {
    const args = ['view=0', ...viewArguments(view), 'flatten=1', `out=${path}`, 'compress=none'];
    await helper.request('pack', args, {signal});
  });
}
