// Running an image: of the local store, or pulled as FROM would pull it. Nothing of the run is kept.

import {mkdir, stat} from 'node:fs/promises';
import {dnsWith} from '../../config/config.ts';
import {buildError} from '../../diagnostics/build-error.ts';
import {viewArguments} from '../../helper/helper.ts';
import type {ImageConfig} from '../../oci/image-config.ts';
import {formatPlatform, hostPlatform, type Platform} from '../../oci/platform.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../../oci/reference.ts';
import type {PreparedMount} from '../../ops/exec/exec-arguments.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import {ImageResolver} from '../../sources/image/image-resolver.ts';
import {imageStoreOf} from '../../store/image-store.ts';
import {ScanDecoder} from '../../tree/record.ts';
import {assert} from '../../util/assert.ts';
import {systemClock} from '../../util/clock.ts';
import {refusalText} from '../../util/error-text.ts';
import {type Engine, openEngine} from '../engine.ts';
import {type OnBytes, stepReporter, waitingFor} from '../step.ts';
import {attend, type ProcessEnd} from './attend.ts';
import {processOf} from './image-process.ts';
import type {RunMount, RunOptions, RunRequest} from './run-request.ts';

/** Throws BuildError for what the user or the machine did, and the signal's reason when it was aborted before. */
export async function runImage(
  request: RunRequest,
  options: RunOptions,
  signal: AbortSignal,
): Promise<ProcessEnd> {
  let onBytes: OnBytes = () => {};
  let note: (text: string) => void = () => {};
  await using engine = await openEngine({
    root: options.root,
    configFile: options.configFile,
    environment: options.environment,
    clock: systemClock,
    onLayerProgress: ({blob, currentBytes, isWaiting}) =>
      isWaiting ? note(waitingFor(blob.digest)) : onBytes(blob.digest, currentBytes, blob.size),
    warn: (diagnostic) => options.emit({type: 'warning', diagnostic, atMs: systemClock.nowMs()}),
  });
  const {snapshotter} = engine;
  const image = await findImage(request, engine, signal);
  options.onImage(image.config);
  if (image.snapshot !== undefined && !snapshotter.isUnpacked(image.snapshot)) {
    const reporter = stepReporter(options.emit, systemClock, signal);
    await reporter.step(`${image.isLocal ? 'unpack' : 'pull'} ${request.image}`, async (say, progress) => {
      note = say;
      onBytes = progress;
      await snapshotter.view(image.snapshot, signal);
    });
  }
  return await attend(
    engine,
    {
      process: processOf(image.config, request, image.platform),
      root: image.snapshot,
      mounts: await mountsOf(request, image, engine, signal),
      interactive: request.interactive,
      tty: request.tty,
      readonlyRoot: request.readonlyRoot,
      limits: request.limits,
      rights: request.rights,
      dns: dnsWith(engine.config.dns, request.dns),
    },
    options,
    signal,
  );
}

interface FoundImage {
  readonly config: ImageConfig;
  readonly platform: Platform;
  readonly snapshot: SnapshotId | undefined;
  /** Its layers come from the local store. */
  readonly isLocal: boolean;
}

async function findImage(request: RunRequest, engine: Engine, signal: AbortSignal): Promise<FoundImage> {
  const reference = await referenceOf(request, engine);
  const images = new ImageResolver({
    database: engine.state.database,
    blobs: engine.blobs,
    registry: async () => {
      if (request.pull !== 'never') return engine.registry();
      throw buildError(
        'user',
        'run-not-here',
        `${request.image} is not here, and --pull=never forbids to fetch it`,
      );
    },
    clock: systemClock,
    pull: request.pull === 'always',
  });
  const found = await images.resolve(reference, request.platform ?? hostPlatform(), signal);
  const {config, platform, manifestDigest, local: isLocal} = found;
  return {
    config,
    platform,
    isLocal,
    snapshot: await engine.snapshotter.importImage(images.chainOf(reference, manifestDigest)),
  };
}

/** The name, normalised; for an image ID the name it is stored under. */
async function referenceOf({image, platform}: RunRequest, engine: Engine): Promise<string> {
  const reference = parseReference(image);
  const store = imageStoreOf(engine.state.database, engine.state.root);
  const name = isReferenceProblem(reference) ? undefined : normalisedName(reference);
  if (name !== undefined && (await store.get(name)) !== undefined) return name;
  const byId = await store.get(image);
  if (byId !== undefined) {
    if (platform === undefined || formatPlatform(platform) === formatPlatform(byId.platform))
      return byId.name;
    const is = `is for ${formatPlatform(byId.platform)}`;
    throw buildError('user', 'run-platform', `${image} ${is}, not for ${formatPlatform(platform)}`);
  }
  if (name !== undefined) return name;
  assert(isReferenceProblem(reference), 'a name is a reference');
  throw buildError('user', 'run-bad-image', `invalid image name "${image}": ${reference.problem}`);
}

async function mountsOf(
  request: RunRequest,
  image: FoundImage,
  engine: Engine,
  signal: AbortSignal,
): Promise<PreparedMount[]> {
  const given = new Set(request.mounts.map(({target}) => target));
  const volumes = Object.keys(image.config.config.Volumes ?? {}).filter((target) => !given.has(target));
  const mounts: readonly RunMount[] = [
    ...volumes.map((target): RunMount => ({type: 'volume', target})),
    ...request.mounts,
  ];
  const prepared = await Promise.all(
    mounts.map((mount) => prepareMount(mount, request, image, engine, signal)),
  );
  // A mount below another one comes after it, whatever the order of the flags.
  return prepared.flat().sort((a, b) => a.target.split('/').length - b.target.split('/').length);
}

async function prepareMount(
  mount: RunMount,
  request: RunRequest,
  image: FoundImage,
  engine: Engine,
  signal: AbortSignal,
): Promise<PreparedMount[]> {
  const {target} = mount;
  switch (mount.type) {
    case 'tmpfs':
      return [mount];
    case 'bind':
      return [{type: 'cache', target, dir: await sourceOf(mount), source: '/', readonly: mount.readonly}];
    case 'volume': {
      const view = await engine.snapshotter.view(image.snapshot, signal);
      const here = await isDirectory(engine, viewArguments(view), target, signal);
      if (!here) return [{type: 'tmpfs', target, sizeBytes: 0}];
      // The layer of the run is as short-lived as a volume would be; only a read-only root needs more.
      if (!request.readonlyRoot) return [];
      return [{type: 'bind', target, view: viewArguments(view), source: target, mode: 'discard'}];
    }
  }
}

/** As docker does for -v: a directory that is missing is made. */
async function sourceOf({source}: Extract<RunMount, {type: 'bind'}>): Promise<string> {
  try {
    await stat(source);
  } catch {
    try {
      await mkdir(source, {recursive: true});
    } catch (error) {
      throw buildError('user', 'run-bind', `cannot make the directory ${source}: ${refusalText(error)}`, {
        cause: error,
      });
    }
  }
  return source;
}

async function isDirectory(
  engine: Engine,
  view: readonly string[],
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  const decoder = new ScanDecoder();
  const helper = await engine.helper();
  await helper.request('scan', [...view, `path=${path}`, `prune=${path}`, 'follow=1'], {
    signal,
    onData: (bytes) => decoder.push(bytes),
  });
  return decoder.finish().length > 0;
}
