// The file system of a stored image, or of a step of a build, as one tar: its layers unpacked as a build would have
// them, and packed flat.

import {checkOutput, makeOutput} from '../../exporters/output-file.ts';
import {viewArguments} from '../../helper/helper.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import {imageChain} from '../../sources/image/image-resolver.ts';
import type {ImageDetails} from '../../store/image-store.ts';
import {systemClock} from '../../util/clock.ts';
import {stateAtStep} from '../attended/state-at-step.ts';
import type {StepAddress} from '../attended/step-address.ts';
import {type Engine, type OpenEngineOptions, openEngine} from '../engine.ts';
import type {BuildRequest, EngineOptions} from '../request.ts';

export interface FilesTarget {
  /** A file, or `-` for `stdout`. */
  readonly dest: string;
  readonly workingDirectory: string;
  readonly stdout: NodeJS.WritableStream;
}

type ImageFilesOptions = FilesTarget & Pick<OpenEngineOptions, 'root' | 'configFile' | 'environment'>;

/** Throws BuildError when a layer is not here, or the tar cannot be written. */
export async function packImageFiles(
  image: Pick<ImageDetails, 'name' | 'config' | 'content'>,
  options: ImageFilesOptions,
  signal: AbortSignal,
): Promise<void> {
  await checkOutput(options.dest, options);
  await using engine = await openEngine({...options, clock: systemClock, onLayerProgress: () => {}});
  const {name, content: manifest, config} = image;
  const snapshot = await engine.snapshotter.importImage(imageChain(name, {manifest, config}, undefined));
  await packFiles(snapshot, engine, options, signal);
}

/** As far as the step needs, the build is done. Throws BuildError when it fails, or there is no such step. */
export async function packStepFiles(
  address: StepAddress,
  request: BuildRequest,
  options: EngineOptions,
  target: FilesTarget,
  signal: AbortSignal,
): Promise<void> {
  await checkOutput(target.dest, target);
  await using state = await stateAtStep(address, request, options, signal);
  await packFiles(state.snapshot, state.engine, target, signal);
}

async function packFiles(
  snapshot: SnapshotId | undefined,
  engine: Engine,
  target: FilesTarget,
  signal: AbortSignal,
): Promise<void> {
  const view = await engine.snapshotter.view(snapshot, signal);
  const helper = await engine.helper();
  await makeOutput(target.dest, {...target, signal}, async (path) => {
    const args = ['view=0', ...viewArguments(view), 'flatten=1', `out=${path}`, 'compress=none'];
    await helper.request('pack', args, {signal});
  });
}
