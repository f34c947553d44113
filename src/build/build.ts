// One build from request to exports. Everything a caller may want to see goes out as events; everything it gets back is data.

import {setMaxListeners} from 'node:events';
import {resolve} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {ExportContext, ExportResult} from '../exporters/exporter.ts';
import {createExporter} from '../exporters/index.ts';
import {instructionSet} from '../instructions/index.ts';
import {hostPlatform} from '../oci/platform.ts';
import {normalisedName, parseReference} from '../oci/reference.ts';
import type {Plan} from '../plan/plan.ts';
import {planBuild} from '../plan/plan-build.ts';
import type {BuildEvent} from '../progress/events.ts';
import {ImageResolver} from '../sources/image/image-resolver.ts';
import {imageStoreOf} from '../store/image-store.ts';
import {systemClock} from '../util/clock.ts';
import {builtImage} from './built-image.ts';
import {type BuildContext, openContext} from './context.ts';
import {type Engine, openEngine} from './engine.ts';
import {parseRemembered, planningRemembered} from './frontend.ts';
import {LayerSteps} from './layer-steps.ts';
import {namedContextsOf} from './named-contexts.ts';
import type {BuildRequest, BuildResult, EngineOptions} from './request.ts';
import {type StepReporter, stepReporter} from './step.ts';
import {solvePlan} from './wiring.ts';

/** Builds. Throws BuildError for what the user or the machine did, the signal's reason when it was aborted. */
export async function build(
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<BuildResult> {
  setMaxListeners(0, signal);
  const clock = systemClock;
  const exporters = exportersOf(request);
  for (const exporter of exporters) {
    await exporter.prepare?.({
      workingDirectory: request.workingDirectory,
      get stdout() {
        return options.stdout();
      },
    });
  }
  const layerSteps = new LayerSteps(options.emit, clock);
  await using engine = await openEngine({
    root: resolve(request.workingDirectory, options.root),
    configFile: options.configFile,
    environment: request.environment,
    clock,
    onLayerProgress: (event) => layerSteps.onProgress(event),
  });
  const reporter = stepReporter(options.emit, clock, signal);
  await using context = await openContext(request, engine, signal);
  const images = new ImageResolver({
    database: engine.state.database,
    blobs: engine.blobs,
    registry: engine.registry,
    clock,
    pull: request.pull,
  });
  const {file, plan} = await planRequest(request, context, engine, images, reporter, options.emit, signal);
  const summary =
    plan.vertex === undefined
      ? {snapshot: undefined, executed: 0, cached: 0}
      : await solvePlan(
          plan.vertex,
          {request, engine, context, images, file, layerSteps, emit: options.emit},
          signal,
        );
  const image = builtImage(plan, summary.snapshot, engine.snapshotter);
  const exports: ExportResult[] = [];
  for (const exporter of exporters) {
    exports.push(
      await reporter.step(exporter.name, (note) =>
        exporter.export(image, exportContext(request, options, engine, note, signal)),
      ),
    );
  }
  const imageDigest = exports.find((result) => result.configDigest !== undefined)?.configDigest;
  const {executed, cached} = summary;
  return {exports, executed, cached, ...(imageDigest === undefined ? {} : {imageDigest})};
}

async function planRequest(
  request: BuildRequest,
  context: BuildContext,
  engine: Engine,
  images: ImageResolver,
  reporter: StepReporter,
  emit: (event: BuildEvent) => void,
  signal: AbortSignal,
): Promise<{file: SourceFile; plan: Plan}> {
  const name = request.dockerfile === undefined ? 'Dockerfile' : request.dockerfile;
  const {file, parsed} = await reporter.step(`[internal] load build definition from ${name}`, async () => {
    const source = await context.dockerfile();
    return {file: source, parsed: await parseRemembered(source, engine.notes)};
  });
  const platform = hostPlatform();
  const plan = await planningRemembered(file, engine.notes, () =>
    planBuild(
      {
        dockerfile: parsed.dockerfile,
        ...(request.target === undefined ? {} : {target: request.target}),
        buildArgs: request.buildArgs,
        labels: request.labels,
        targetPlatform: request.platform ?? platform,
        platformGiven: request.platform !== undefined,
        buildPlatform: platform,
        namedContexts: namedContextsOf(request),
        noCache: request.noCache,
        network: request.network,
        extraHosts: request.extraHosts,
        shmSizeBytes: request.shmSizeBytes,
        ulimits: request.ulimits,
        entitlements: request.entitlements,
        resolveImage: async (reference, wanted) =>
          reporter.step(`[internal] load metadata for ${reference}`, () =>
            images.resolve(reference, wanted, signal),
          ),
      },
      instructionSet,
    ),
  );
  for (const diagnostic of [...parsed.warnings, ...plan.warnings]) {
    emit({type: 'warning', diagnostic, atMs: systemClock.nowMs()});
  }
  return {file, plan};
}

function exportersOf(request: BuildRequest): ReturnType<typeof createExporter>[] {
  const tags = request.tags.map((tag) => {
    const reference = parseReference(tag);
    if ('problem' in reference) throw buildError('usage', 'usage-bad-tag', `-t ${tag}: ${reference.problem}`);
    return normalisedName(reference);
  });
  const outputs =
    request.outputs.length > 0 ? request.outputs : [{type: 'image', options: new Map<string, string>()}];
  return outputs.map(({type, options}) => createExporter(type, options, tags));
}

function exportContext(
  request: BuildRequest,
  options: EngineOptions,
  engine: Engine,
  note: (text: string) => void,
  signal: AbortSignal,
): ExportContext {
  const images = imageStoreOf(engine.state.database, engine.state.root);
  return {
    helper: engine.helper,
    blobs: engine.blobs,
    tagImage: async (name, manifest) => images.tag(name, manifest, systemClock.nowMs()),
    signal,
    workingDirectory: request.workingDirectory,
    get stdout() {
      return options.stdout();
    },
    note,
  };
}
