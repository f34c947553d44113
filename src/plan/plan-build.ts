// Planning: a parsed Dockerfile becomes a graph of vertices, an image config and its history, by BuildKit's rules
// (frontend/dockerfile/dockerfile2llb). Phases in order, each of which reports all its mistakes before the next begins,
// unless it is a survey: names and targets, references between stages, base images and their ONBUILD triggers,
// instructions.

import type {CopyAction} from '../graph/op.ts';
import type {Vertex} from '../graph/vertex.ts';
import type {HistoryEntry, ImageConfig} from '../oci/image-config.ts';
import type {Platform} from '../oci/platform.ts';
import {assert} from '../util/assert.ts';
import {BaseResolver} from './base-image.ts';
import {addGlobalArguments, predefinedArguments} from './build-args.ts';
import {resolveEpoch} from './epoch.ts';
import {GraphBuilder} from './graph-builder.ts';
import type {ImageConfigBuilder} from './image-config-builder.ts';
import {type InstructionSet, loweringOf, type ReferencedSource} from './instruction-lowering.ts';
import {NamedContexts} from './named-contexts.ts';
import {addTriggers} from './onbuild.ts';
import type {Plan, PlanRequest} from './plan.ts';
import {observerUntil} from './plan-observer.ts';
import {ProblemList} from './plan-problem.ts';
import {scannedStages} from './scanned-stages.ts';
import {reachableFrom, reportCircles, StageGraph, type StageNode} from './stage-graph.ts';
import {type PlanScope, StageState} from './stage-state.ts';
import {targetOf} from './target.ts';

/** Mistakes after which planning looks for no more. */
const problemsMax = 100;

/** Plans the build of one target for one platform. Throws BuildError with every mistake it could find. */
export async function planBuild(given: PlanRequest, language: InstructionSet): Promise<Plan> {
  const {dockerfile} = given;
  const problems = new ProblemList(dockerfile.file, given.surveys);
  const request = withGuardedObserver(given, problems);
  const contexts = new NamedContexts(request.namedContexts);
  const globals = predefinedArguments(request, request.target || (dockerfile.stages.at(-1)?.name ?? ''));
  addGlobalArguments(globals, dockerfile.metaArgs, request.buildArgs, dockerfile.escape, problems);
  const epoch = await resolveEpoch(request, globals, contexts, problems);

  const {lowerings} = language;
  const {targetPlatform, observer} = request;
  const graph = new StageGraph(
    {dockerfile, globals, contexts, lowerings, targetPlatform, observer},
    problems,
  );
  problems.endPhase();
  const target = targetOf(graph, request.target);
  graph.linkInstructions(problems);
  problems.endPhase();
  reportCircles(graph, problems);
  problems.endPhase();

  const vertices = new GraphBuilder();
  const platformIsImplicit = !(request.platformGiven ?? !samePlatform(request));
  const bases = new BaseResolver({request, graph, vertices, contexts, platformIsImplicit}, dockerfile.file);
  bases.check(problems);
  problems.endPhase();
  const wanted = (): ReadonlySet<StageNode> =>
    request.allStages === true ? new Set(graph.nodes) : reachableFrom(target);
  const reachable = await resolveReachable(graph, wanted, bases, language, problems);

  const scope: PlanScope = {
    request,
    buildArgs: epoch.buildArgs,
    globals,
    escape: dockerfile.escape,
    vertices,
    epochSeconds: epoch.seconds,
  };
  for (const node of graph.nodes) {
    if (reachable.has(node)) lowerStage(node, scope, bases, language, problems);
  }
  problems.throwIfAny();
  const state = target.state;
  assert(state !== undefined, 'the target is reachable from itself');
  const plan = finishedPlan(state.image, state, request, platformIsImplicit, epoch.seconds);
  const stages = graph.nodes.filter((node) => reachable.has(node));
  const scanned = scannedStages({target, stages, buildArgs: epoch.buildArgs, globals});
  return scanned.length === 0 ? plan : {...plan, scanned};
}

/** Resolves base images until ONBUILD triggers bring no new ones. */
async function resolveReachable(
  graph: StageGraph,
  wanted: () => ReadonlySet<StageNode>,
  bases: BaseResolver,
  language: InstructionSet,
  problems: ProblemList,
): Promise<ReadonlySet<StageNode>> {
  const done = new Set<StageNode>();
  for (;;) {
    const reachable = wanted();
    // In the order of the file: a vertex that several stages share has the name it got first.
    await bases.resolve(graph.nodes.filter((node) => reachable.has(node)));
    const before = graph.nodes.length;
    let hasNewSources = false;
    for (const node of graph.nodes) {
      if (!reachable.has(node) || done.has(node)) continue;
      done.add(node);
      if (await addTriggers(node, graph, bases, language, problems)) hasNewSources = true;
    }
    problems.endPhase();
    if (!hasNewSources && graph.nodes.length === before) return reachable;
  }
}

function lowerStage(
  node: StageNode,
  scope: PlanScope,
  bases: BaseResolver,
  language: InstructionSet,
  problems: ProblemList,
): void {
  const from = node.base?.state ?? bases.baseOf(node);
  // A stage whose base could not be planned: that mistake has been told.
  if (from === undefined) return;
  const {noCache} = scope.request;
  const ownName = node.stage?.name ?? '';
  const ignoreCache =
    typeof noCache === 'boolean' ? noCache : noCache.some((name) => name.toLowerCase() === ownName);
  const directory = isDirectory(from.vertex) ? from.vertex : undefined;
  const base = directory === undefined ? from : {...from, vertex: fileSystemOf(directory, scope.vertices)};
  const state = new StageState(scope, base, {names: node.names, title: node.title, ignoreCache});
  if (directory !== undefined)
    state.image.contextName = node.context === undefined ? node.baseName : node.title;
  node.state = state;
  if (node.stage !== undefined) scope.request.observer?.onStage?.(node.index, state);
  for (const {instruction, span, fromTrigger, sources} of node.instructions) {
    if (problems.diagnostics.length >= problemsMax) return;
    problems.collect(span, () => {
      state.begin({instruction, span, fromTrigger});
      const referenced = sources.map((source) => source && referencedSource(source.name, source.node, bases));
      loweringOf(language.lowerings, instruction).lower(instruction, state, referenced);
      state.end();
    });
  }
}

function isDirectory(vertex: Vertex | undefined): vertex is Vertex {
  return vertex?.op.kind === 'source' && vertex.op.source.type === 'local';
}

/** The layer of a stage that stands on a context, which is read in place and can be no file system itself. */
function fileSystemOf(directory: Vertex, vertices: GraphBuilder): Vertex {
  const everything: CopyAction = {
    type: 'copy',
    input: 0,
    sources: [{path: '/', wildcard: false}],
    destination: '/',
    unpack: false,
    parents: false,
    excludes: [],
  };
  return vertices.add({kind: 'file', base: -1, actions: [everything]}, [directory], directory.origin);
}

function referencedSource(name: string, node: StageNode, bases: BaseResolver): ReferencedSource {
  const isStage = node.stage !== undefined && node.context === undefined;
  const holder = isStage ? node.state : bases.baseOf(node);
  return {name, defined: holder !== undefined, vertex: holder?.vertex};
}

function finishedPlan(
  image: ImageConfigBuilder,
  state: StageState,
  request: PlanRequest,
  platformIsImplicit: boolean,
  epochSeconds: number | undefined,
): Plan {
  for (const [name, value] of Object.entries(request.labels)) image.labels.set(name, value);
  if (!platformIsImplicit) image.platform = finalPlatform(image.platform, request.targetPlatform);
  if (image.contextName !== undefined) {
    const isContext = image.history.every((entry) => entry.empty_layer === true);
    image.addMissingHistory(
      isContext ? `local source for ${image.contextName}` : layerDescription(state.vertex),
    );
  }
  const config: ImageConfig = image.build();
  const history: readonly HistoryEntry[] = image.history;
  return {
    ...(state.vertex === undefined ? {} : {vertex: state.vertex}),
    config,
    history,
    baseHistoryCount: image.baseHistoryCount,
    ...(epochSeconds === undefined ? {} : {epochSeconds}),
    platform: image.platform,
  };
}

/** What BuildKit calls the uppermost layer when no history entry is left for it. */
function layerDescription(top: Vertex | undefined): string {
  return top?.op.kind === 'exec' ? `mount / from exec ${top.op.args.join(' ')}` : 'fileop target';
}

/** The platform asked for wins; what it leaves open the image may say, when it is for the same machine. */
function finalPlatform(image: Platform, target: Platform): Platform {
  const isSame = image.os === target.os && image.architecture === target.architecture;
  const variant = target.variant ?? (isSame ? image.variant : undefined);
  const osVersion = target['os.version'] ?? (isSame ? image['os.version'] : undefined);
  return {
    os: target.os,
    architecture: target.architecture,
    ...(variant === undefined ? {} : {variant}),
    ...(osVersion === undefined ? {} : {'os.version': osVersion}),
  };
}

function samePlatform({targetPlatform: a, buildPlatform: b}: PlanRequest): boolean {
  return a.os === b.os && a.architecture === b.architecture && a.variant === b.variant;
}

function withGuardedObserver(request: PlanRequest, problems: ProblemList): PlanRequest {
  const {observer} = request;
  if (observer === undefined) return request;
  return {...request, observer: observerUntil(observer, () => problems.diagnostics.length > 0)};
}
