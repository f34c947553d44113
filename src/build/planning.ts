// From a request to a plan: the Dockerfile read, linted and planned. What both a build and a check begin with.

import type {SourceLedger} from '../attestation/source-ledger.ts';
import {BuildError} from '../diagnostics/build-error.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Dockerfile} from '../dockerfile/ast.ts';
import {instructionSet} from '../instructions/index.ts';
import {type LintRun, startLint} from '../lint/lint-run.ts';
import type {IgnoredPaths} from '../lint/rule.ts';
import {formatPlatformVersion, hostPlatform, type Platform} from '../oci/platform.ts';
import type {Plan, PlanRequest, ResolvedImage} from '../plan/plan.ts';
import {planBuild} from '../plan/plan-build.ts';
import type {EmitEvent} from '../progress/events.ts';
import type {ImageResolver} from '../sources/image/image-resolver.ts';
import type {Observed} from '../unchanged/observed.ts';
import {type AtLeastOne, mapAtLeastOne} from '../util/at-least-one.ts';
import {systemClock} from '../util/clock.ts';
import {withoutCredentials} from '../util/url-credentials.ts';
import type {BuildContext} from './context.ts';
import type {Engine} from './engine.ts';
import {type ParsedDockerfile, parseRemembered, planningRemembered} from './frontend.ts';
import type {SourceGate} from './origin/source-gate.ts';
import {isPlatformList, planTogether, targetPlatforms} from './platforms.ts';
import type {BuildRequest} from './request.ts';
import type {StepReporter} from './step.ts';

export interface Planning {
  readonly request: BuildRequest;
  readonly observed?: Observed | undefined;
  readonly context: BuildContext;
  readonly engine: Engine;
  readonly images: ImageResolver;
  readonly gate: SourceGate;
  readonly ledger: SourceLedger;
  readonly reporter: StepReporter;
  readonly signal: AbortSignal;
}

export interface PlannedRequest {
  readonly file: SourceFile;
  readonly dockerfile: Dockerfile;
  readonly plans: AtLeastOne<Plan>;
}

/**
 * The plans of a build, one for each platform. Warnings go out as events, also when planning fails; with `error=true`
 * they make it fail.
 */
export async function planRequest(planning: Planning, emit: EmitEvent): Promise<PlannedRequest> {
  const {engine, reporter, request} = planning;
  const {file, parsed} = await reporter.step(loadingStep(request), async () => {
    const source = await planning.context.dockerfile();
    try {
      return {file: source, parsed: await parseRemembered(source, engine.notes)};
    } catch (error) {
      throw await furtherTold(planning, source, error);
    }
  });
  // Its start takes as long as planning does, and on another processor. Whoever asks for it later hears of a failure.
  if (copiesFromContext(parsed.dockerfile)) engine.helper().catch(() => undefined);
  const lint: {run?: LintRun} = {};
  try {
    const plans = await planLinted(planning, parsed, {}, (run) => {
      lint.run = run;
    }).catch(async (error: unknown) => {
      throw await furtherTold(planning, file, error);
    });
    const failure = lint.run?.failure();
    if (failure !== undefined) throw failure;
    return {file, dockerfile: parsed.dockerfile, plans};
  } finally {
    for (const {diagnostic} of lint.run?.warnings() ?? []) {
      emit({type: 'warning', diagnostic, atMs: systemClock.nowMs()});
    }
  }
}

/** `error` with the mistakes that the first ones hide. */
export async function furtherTold(planning: Planning, file: SourceFile, error: unknown): Promise<unknown> {
  // Loaded only when something is wrong.
  const {withFurtherMistakes} = await import('./further-mistakes.ts');
  return withFurtherMistakes(error, file, (dockerfile) => planRequestsOf(planning, dockerfile)[0]);
}

export function loadingStep({dockerfile = 'Dockerfile'}: BuildRequest): string {
  return `[internal] load build definition from ${withoutCredentials(dockerfile)}`;
}

/** Plans every platform; `onLint` is told of the lint before, and again when planning has to begin anew. */
export async function planLinted(
  planning: Planning,
  {dockerfile, warnings}: ParsedDockerfile,
  more: Pick<PlanRequest, 'allStages'>,
  onLint: (run: LintRun) => void,
): Promise<AtLeastOne<Plan>> {
  const {context, engine} = planning;
  const ignored = await ignoredPaths(dockerfile, context);
  const linted = {parserWarnings: warnings, ignored};
  const requests = planRequestsOf(planning, dockerfile);
  const [first] = requests;
  return planningRemembered(dockerfile.file, engine.notes, async () => {
    const run = startLint({...first, ...linted});
    onLint(run);
    return planTogether(requests, (each) => {
      const observer = each === first ? run.observer : run.observerOf({...each, ...linted});
      return planBuild({...each, ...more, observer}, instructionSet);
    });
  });
}

/** What is to be planned, for each platform. What several of them look up is looked up once. */
export function planRequestsOf(planning: Planning, dockerfile: Dockerfile): AtLeastOne<PlanRequest> {
  const {request, context, signal} = planning;
  const buildPlatform = hostPlatform();
  const showsPlatforms = isPlatformList(request);
  const resolveImage = imageLookUps(planning, showsPlatforms);
  return mapAtLeastOne(targetPlatforms(request), (targetPlatform) => ({
    dockerfile,
    ...(request.target === undefined ? {} : {target: request.target}),
    buildArgs: request.buildArgs,
    labels: request.labels,
    targetPlatform,
    platformGiven: request.platforms.length > 0,
    showsPlatforms,
    buildPlatform,
    namedContexts: context.named.contexts,
    noCache: request.noCache,
    network: request.network,
    extraHosts: request.extraHosts,
    shmSizeBytes: request.shmSizeBytes,
    ulimits: request.ulimits,
    entitlements: request.entitlements,
    resolveImage,
    epochOf: (origin) => context.epochOf(origin, signal),
  }));
}

function imageLookUps(planning: Planning, showsPlatforms: boolean): PlanRequest['resolveImage'] {
  const known = new Map<string, Promise<ResolvedImage>>();
  return (reference, platform) => {
    const name = formatPlatformVersion(platform);
    const key = `${reference} ${name}`;
    const place = showsPlatforms ? `[${name} internal]` : '[internal]';
    const lookUp =
      known.get(key) ??
      planning.reporter.step(`${place} load metadata for ${reference}`, () =>
        resolveGated(planning, reference, platform),
      );
    known.set(key, lookUp);
    return lookUp;
  };
}

async function resolveGated(
  {images, gate, ledger, context, signal}: Planning,
  given: string,
  platform: Platform,
): Promise<ResolvedImage> {
  if (context.named.layouts.has(given)) {
    gate.layout(given);
    const resolved = await images.resolve(given, platform, signal);
    ledger.addRoot(resolved.manifestDigest, resolved.rootDigest);
    return resolved;
  }
  const {reference, digest} = gate.image(given, platform);
  const found = images.resolve(reference, platform, signal);
  if (digest === undefined) {
    const resolved = await found;
    ledger.addImage(reference, platform, resolved.manifestDigest);
    // Of a locked image the manifest is all that is always the same.
    ledger.addRoot(resolved.manifestDigest, resolved.rootDigest);
    return resolved;
  }
  // The name may mean something else by now, or nothing at all.
  const current = await found.catch(() => undefined);
  signal.throwIfAborted();
  ledger.addImage(reference, platform, digest);
  if (current?.manifestDigest === digest) return current;
  return images.resolve(`${reference}@${digest}`, platform, signal);
}

/** Whether some COPY or ADD reads the build context. */
export function copiesFromContext({stages}: Dockerfile): boolean {
  return stages.some(({instructions}) =>
    instructions.some(
      (each) =>
        (each.keyword === 'COPY' || each.keyword === 'ADD') &&
        each.from === undefined &&
        each.sources.length > 0,
    ),
  );
}

/** Read only for files that copy from the context. A mistake in it is told by whoever needs the context. */
async function ignoredPaths(
  dockerfile: Dockerfile,
  context: BuildContext,
): Promise<IgnoredPaths | undefined> {
  if (!copiesFromContext(dockerfile)) return undefined;
  try {
    return (await context.local('context')?.ignoreRules())?.matcher;
  } catch (error) {
    if (error instanceof BuildError) return undefined;
    throw error;
  }
}
