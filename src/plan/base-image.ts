// What stages start from: base images, named contexts, nothing. Every name is checked, also of stages nobody needs;
// only those the target needs are resolved, all at once, and the same image once.

import {BuildError, type BuildErrorKind} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Vertex} from '../graph/vertex.ts';
import {formatPlatform, type Platform} from '../oci/platform.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../oci/reference.ts';
import {suggest} from '../util/suggest.ts';
import type {GraphBuilder} from './graph-builder.ts';
import {ImageConfigBuilder} from './image-config-builder.ts';
import type {NamedContexts} from './named-contexts.ts';
import type {NamedContext, PlanRequest, ResolvedImage} from './plan.ts';
import {PlanProblem, type ProblemList} from './plan-problem.ts';
import {type StageGraph, type StageNode, scratchName} from './stage-graph.ts';
import type {StageBase} from './stage-state.ts';
import {platformLabel} from './step-names.ts';

export interface BaseScope {
  readonly request: PlanRequest;
  readonly graph: StageGraph;
  readonly vertices: GraphBuilder;
  readonly contexts: NamedContexts;
  /** True when the user did not choose the platform: the image then says what it is. */
  readonly platformIsImplicit: boolean;
}

interface Wanted {
  readonly node: StageNode;
  readonly context: NamedContext | undefined;
  /** Normalised; undefined when it is no image. */
  readonly reference: string | undefined;
  readonly platform: Platform;
}

const commonImages = [
  'alpine',
  'busybox',
  'centos',
  'debian',
  'golang',
  'ubuntu',
  'fedora',
  'node',
  'python',
];

export class BaseResolver {
  readonly #scope: BaseScope;
  readonly #file: SourceFile;
  readonly #bases = new Map<StageNode, StageBase>();
  readonly #lookups = new Map<string, Promise<ResolvedImage>>();

  constructor(scope: BaseScope, file: SourceFile) {
    this.#scope = scope;
    this.#file = file;
  }

  baseOf(node: StageNode): StageBase | undefined {
    return this.#bases.get(node);
  }

  /** Checks the base names of all stages that do not stand on another stage. */
  check(problems: ProblemList): void {
    for (const node of this.#scope.graph.nodes) {
      if (!needsName(node)) continue;
      const reference = parseReference(node.baseName);
      if (!isReferenceProblem(reference)) continue;
      const message = `failed to parse stage name ${JSON.stringify(node.baseName)}: ${reference.problem}`;
      const near = suggest(node.baseName, this.#scope.graph.names());
      problems.add(
        node.span,
        new PlanProblem('plan-base-name', message, this.#nameHints(node, near), node.stage?.from.image),
      );
    }
  }

  #nameHints({stage, baseName}: StageNode, near: string | undefined): readonly string[] {
    if (near !== undefined) return [`did you mean ${near}?`];
    const written = stage?.from.image ?? baseName;
    return written.includes('$')
      ? ['an ARG that FROM uses stands before the first FROM and needs a default or --build-arg']
      : [];
  }

  /** Resolves what `nodes` start from. Throws one BuildError that tells of every one that failed. */
  async resolve(nodes: readonly StageNode[]): Promise<void> {
    const pending = nodes.filter((node) => node.base === undefined && !this.#bases.has(node));
    const wanted = pending.map((node) => this.#wantedBy(node));
    const results = await Promise.allSettled(wanted.map((want) => this.#lookUp(want)));
    const failures: {readonly error: BuildError; readonly want: Wanted}[] = [];
    results.forEach((result, index) => {
      const want = wanted[index];
      if (want === undefined) return;
      if (result.status === 'fulfilled') this.#bases.set(want.node, this.#baseFrom(want, result.value));
      else if (result.reason instanceof BuildError) failures.push({error: result.reason, want});
      else throw result.reason;
    });
    if (failures.length > 0) throw this.#failure(failures);
  }

  #wantedBy(node: StageNode): Wanted {
    const {request, contexts} = this.#scope;
    const platform = node.platform ?? request.targetPlatform;
    if (node.context === undefined && node.baseName === scratchName) {
      return {node, context: undefined, reference: undefined, platform: request.targetPlatform};
    }
    const context = node.context ?? contexts.find(node.baseName, platform);
    if (context !== undefined && context.type !== 'image')
      return {node, context, reference: undefined, platform};
    const written = context?.reference ?? node.baseName;
    const reference = parseReference(written);
    if (isReferenceProblem(reference)) return {node, context, reference: written, platform};
    return {node, context, reference: normalisedName(reference), platform};
  }

  async #lookUp({reference, platform}: Wanted): Promise<ResolvedImage | undefined> {
    if (reference === undefined) return undefined;
    const key = `${reference} ${formatPlatform(platform)}`;
    const known = this.#lookups.get(key) ?? this.#scope.request.resolveImage(reference, platform);
    this.#lookups.set(key, known);
    return known;
  }

  #baseFrom(want: Wanted, resolved: ResolvedImage | undefined): StageBase {
    const {node, context} = want;
    if (resolved === undefined) {
      const image = ImageConfigBuilder.empty(want.platform);
      if (context?.type !== 'local') return {vertex: undefined, image, platform: want.platform};
      const vertex = this.#localVertex(context.name, node.context === undefined ? node.baseName : node.title);
      // A stage that is replaced as a whole brings no image: not even a PATH.
      const config = node.context === undefined ? image : new ImageConfigBuilder(want.platform);
      return {vertex, image: config, platform: want.platform};
    }
    const image = ImageConfigBuilder.from(resolved.config);
    const platform = this.#platformFor(want, image);
    if (context === undefined && !hasNoLayers(resolved)) {
      const {stage, span, baseName: name} = node;
      this.#scope.request.observer?.onBaseImage?.({
        stage,
        span,
        name,
        expected: platform,
        actual: image.platform,
      });
    }
    return {vertex: this.#imageVertex(want, resolved), image, platform};
  }

  /** With no platform asked for, one that the machine can run and the image has. */
  #platformFor({node, context, platform}: Wanted, image: ImageConfigBuilder): Platform {
    if (node.context !== undefined && image.platform.os !== '' && image.platform.architecture !== '') {
      return image.platform;
    }
    if (context !== undefined || node.platform !== undefined || !this.#scope.platformIsImplicit)
      return platform;
    const {os, architecture} = image.platform;
    const candidates = [platform, this.#scope.request.buildPlatform];
    return candidates.find((each) => each.os === os && each.architecture === architecture) ?? platform;
  }

  #localVertex(name: string, shown: string): Vertex {
    const origin = {name: `[context ${shown}] load from client`};
    return this.#scope.vertices.add({kind: 'source', source: {type: 'local', name}}, [], origin);
  }

  #imageVertex({node, context, platform}: Wanted, resolved: ResolvedImage): Vertex | undefined {
    if (hasNoLayers(resolved)) return undefined;
    const {reference, manifestDigest} = resolved;
    const pinned = reference.includes('@') ? reference : `${reference}@${manifestDigest}`;
    const shows = this.#scope.request.showsPlatforms === true;
    const name =
      context === undefined
        ? node.names.next(`FROM ${pinned}`, shows ? {platform: platformLabel(platform)} : {})
        : `[context ${node.context === undefined ? node.baseName : node.title}] ${pinned}`;
    return this.#scope.vertices.add(
      {kind: 'source', source: {type: 'image', reference, manifestDigest, platform}},
      [],
      {name, span: node.span, ...(node.stage === undefined ? {} : {stage: node.title})},
    );
  }

  #failure(failures: readonly {readonly error: BuildError; readonly want: Wanted}[]): BuildError {
    const diagnostics = failures.flatMap(({error, want}) =>
      error.diagnostics.map((diagnostic) => this.#placed(diagnostic, want.node)),
    );
    const kind: BuildErrorKind = failures[0]?.error.kind ?? 'user';
    const [first, ...rest] = diagnostics;
    if (first === undefined) throw failures[0]?.error;
    return new BuildError(kind, [first, ...rest], {cause: failures[0]?.error});
  }

  #placed(diagnostic: Diagnostic, node: StageNode): Diagnostic {
    if (diagnostic.span !== undefined) return diagnostic;
    const names = [...this.#scope.graph.names(), ...commonImages];
    const near = names.includes(node.baseName) ? undefined : suggest(node.baseName, names);
    const hints = [...(diagnostic.hints ?? []), ...(near === undefined ? [] : [`did you mean ${near}?`])];
    return {
      ...diagnostic,
      message: `${node.baseName}: ${diagnostic.message}`,
      file: this.#file,
      span: node.span,
      ...(hints.length === 0 ? {} : {hints}),
    };
  }
}

function needsName(node: StageNode): boolean {
  return node.base === undefined && node.context === undefined && node.baseName !== scratchName;
}

/** An image without layers is scratch with a config. */
function hasNoLayers({config}: ResolvedImage): boolean {
  const history = config.history ?? [];
  return config.rootfs.diff_ids.length === 0 && history.every((entry) => entry.empty_layer === true);
}
