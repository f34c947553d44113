// One build from request to exports. Everything a caller may want to see goes out as events; everything it gets back
// is data.

import {setMaxListeners} from 'node:events';
import {buildError} from '../diagnostics/build-error.ts';
import type {BuiltImages, ExportContext, Exporter, ExportResult} from '../exporters/exporter.ts';
import {createExporter} from '../exporters/index.ts';
import {normalisedName, parseReference} from '../oci/reference.ts';
import type {Plan} from '../plan/plan.ts';
import {mapAtLeastOne} from '../util/at-least-one.ts';
import {systemClock} from '../util/clock.ts';
import {FailureKeeper} from './attended/failure-keeper.ts';
import {builtImage} from './built-image.ts';
import {EarlyBlobs} from './early-blobs.ts';
import {exportContext} from './exports/export-context.ts';
import {LayerSteps} from './layer-steps.ts';
import {openBuild} from './opened.ts';
import {scansOf} from './origin/scans.ts';
import {type Scan, Witness} from './origin/witness.ts';
import {planRequest} from './planning.ts';
import {isPlatformList, targetPlatforms} from './platforms.ts';
import type {BuildRequest, BuildResult, EngineOptions} from './request.ts';
import {SpaceGuard} from './space/guard.ts';
import {solvePlans} from './wiring.ts';

/** Builds. Throws BuildError for what the user or the machine did, the signal's reason when it was aborted. */
export async function build(
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<BuildResult> {
  setMaxListeners(0, signal);
  const exporters = exportersOf(request);
  for (const exporter of exporters) {
    await exporter.prepare?.({
      platforms: targetPlatforms(request),
      hasIndex: isPlatformList(request) || request.attest !== undefined,
      entitlements: request.entitlements,
      environment: request.environment,
      workingDirectory: request.workingDirectory,
      get stdout() {
        return options.stdout();
      },
    });
  }
  const startedMs = systemClock.nowMs();
  const layerSteps = new LayerSteps(options.emit, systemClock);
  await using opened = await openBuild(request, options, signal, (event) => layerSteps.onProgress(event));
  const {engine, reporter} = opened;
  const {file, dockerfile, plans} = await planRequest(opened, options.emit);
  const targets = plans.flatMap(({vertex}) => vertex ?? []);
  options.onPlanned?.(targets);
  const scanOf = await scansOf(plans, opened, dockerfile);
  await using guard = new SpaceGuard({engine, clock: systemClock, signal, onDue: options.onCollectionDue});
  await using earlyBlobs = exporters.some(({wantsUsualLayers}) => wantsUsualLayers === true)
    ? new EarlyBlobs(targets, engine.snapshotter, guard.signal)
    : undefined;
  const {snapshotOf, inline, executed, cached} = await solvePlans(
    [...plans, ...scanOf.values()],
    {
      ...opened,
      file,
      dockerfile,
      layerSteps,
      earlyBlobs,
      emit: options.emit,
      beforeMaking() {
        options.observed?.refuse();
        return guard.start();
      },
    },
    guard.signal,
  );
  earlyBlobs?.handOver();
  const failures = new FailureKeeper(engine, request);
  await failures.forget();
  options.observed?.place(failures.place, false);
  const witness = new Witness({
    request,
    engine,
    file,
    fetched: () => opened.ledger.entries(),
    roots: opened.ledger.roots,
    startedMs,
    signal: guard.signal,
  });
  const scanned = (scan: Plan | undefined): Scan | undefined =>
    scan && {plan: scan, view: (until) => engine.snapshotter.view(snapshotOf(scan), until)};
  const built: BuiltImages = {
    images: mapAtLeastOne(plans, (plan) => {
      const image = builtImage(plan, snapshotOf(plan), engine.snapshotter, inline);
      return {...image, ...witness.attestationsOf(plan, image, scanned(scanOf.get(plan)))};
    }),
    isList: isPlatformList(request),
  };
  const {stdout, signingKey} = options;
  const places = {workingDirectory: request.workingDirectory, stdout, signingKey};
  const warn: ExportContext['warn'] = (code, message, hint) =>
    options.emit({
      type: 'warning',
      diagnostic: {severity: 'warning', code, message, hints: [hint]},
      atMs: systemClock.nowMs(),
    });
  const exports = await exportAll(
    exporters,
    (exporter, name, exportSignal) =>
      reporter.step(name, (note, progress) =>
        exporter.export(built, exportContext(engine, places, {note, progress, warn}, exportSignal)),
      ),
    guard.signal,
  );
  const imageDigest = exports.find((result) => result.configDigest !== undefined)?.configDigest;
  return {
    exports,
    executed,
    cached,
    provenance: (mode) =>
      Promise.all(plans.map((plan) => witness.metadataOf({plan, scanner: scanOf.get(plan)?.vertex}, mode))),
    ...(imageDigest === undefined ? {} : {imageDigest}),
  };
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

/** All at once; the first failure ends the others, and is the one that is told. */
async function exportAll(
  exporters: readonly Exporter[],
  exportOne: (exporter: Exporter, name: string, signal: AbortSignal) => Promise<ExportResult>,
  signal: AbortSignal,
): Promise<readonly ExportResult[]> {
  const abort = new AbortController();
  const either = AbortSignal.any([signal, abort.signal]);
  setMaxListeners(0, either);
  const names = distinctNames(exporters.map(({name}) => name));
  const work = exporters.map((exporter, index) =>
    exportOne(exporter, names[index] ?? exporter.name, either).catch((error: unknown) => {
      abort.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(work);
  signal.throwIfAborted();
  if (abort.signal.aborted) throw abort.signal.reason;
  return Promise.all(work);
}

/** A step is known by its name. */
function distinctNames(names: readonly string[]): readonly string[] {
  return names.map((name, index) => {
    const before = names.slice(0, index).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}
