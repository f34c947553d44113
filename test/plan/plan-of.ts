// Plans the text of a Dockerfile against invented base images, for the tests of planning and of the instructions.

import {BuildError, buildError} from '../../src/diagnostics/build-error.ts';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import type {Dockerfile} from '../../src/dockerfile/ast.ts';
import type {ParseResult} from '../../src/dockerfile/parse.ts';
import type {ExecOp, FileOp, Op} from '../../src/graph/op.ts';
import type {Vertex} from '../../src/graph/vertex.ts';
import {instructionSet} from '../../src/instructions/index.ts';
import {parseWithReaders} from '../../src/instructions/readers.ts';
import {type DiffId, digestOf} from '../../src/oci/digest.ts';
import type {ContainerConfig, HistoryEntry, ImageConfig} from '../../src/oci/image-config.ts';
import type {Platform} from '../../src/oci/platform.ts';
import type {InstructionSet} from '../../src/plan/instruction-lowering.ts';
import {type Plan, type PlanRequest, plainRequest} from '../../src/plan/plan.ts';
import {planBuild} from '../../src/plan/plan-build.ts';

export interface PlanOptions extends Partial<Omit<PlanRequest, 'dockerfile' | 'resolveImage'>> {
  /** Configs by normalised reference; names that are not here and not in `plainImages` do not exist. */
  readonly images?: Readonly<Record<string, ContainerConfig>>;
  /** Platform each image says it is for. */
  readonly imagePlatform?: Platform;
  /** Another language than the shelf's. */
  readonly language?: {
    readonly instructions: InstructionSet;
    readonly parse: (text: string) => ParseResult;
  };
  /** Told of every lookup. */
  readonly onResolve?: (reference: string, platform: Platform) => void;
}

export const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
export const amd64: Platform = {os: 'linux', architecture: 'amd64'};
const plainImages = /^docker\.io\/library\/(?:alpine|busybox|debian):/;
const layer = digestOf('layer') as unknown as DiffId;

export async function planOf(text: string, options: PlanOptions = {}): Promise<Plan> {
  const {language} = options;
  const {dockerfile, diagnostics} = language?.parse(text) ?? parseWithReaders(sourceFile('Dockerfile', text));
  if (dockerfile === undefined) throw new Error(`does not parse: ${diagnostics[0]?.message}`);
  return planBuild(planRequestOf(dockerfile, options), language?.instructions ?? instructionSet);
}

export function planRequestOf(dockerfile: Dockerfile, options: PlanOptions = {}): PlanRequest {
  const {images = {}, imagePlatform = amd64, onResolve, language: _, ...request} = options;
  return {
    ...plainRequest,
    dockerfile,
    targetPlatform: amd64,
    buildPlatform: amd64,
    ...request,
    async resolveImage(reference, platform) {
      onResolve?.(reference, platform);
      const config = images[reference] ?? (plainImages.test(reference) ? {Env: [path]} : undefined);
      if (config === undefined) {
        throw buildError(
          'user',
          'source-not-found',
          `failed to resolve source metadata for ${reference}: not found`,
        );
      }
      const manifestDigest = digestOf(reference);
      return {reference, manifestDigest, platform, config: imageConfig(config, imagePlatform)};
    },
  };
}

function imageConfig(config: ContainerConfig, platform: Platform): ImageConfig {
  const {os, architecture} = platform;
  return {
    created: '2020-01-01T00:00:00Z',
    os,
    architecture,
    config,
    rootfs: {type: 'layers', diff_ids: [layer]},
    history: [{created: '2020-01-01T00:00:00Z', created_by: 'ADD rootfs.tar /'}],
  };
}

/** What planning says is wrong, one message each. */
export async function problemsOf(text: string, options: PlanOptions = {}): Promise<readonly string[]> {
  try {
    await planOf(text, options);
  } catch (error) {
    if (error instanceof BuildError) return error.diagnostics.map((diagnostic) => diagnostic.message);
    throw error;
  }
  return [];
}

/** What the Dockerfile added to the history: text, and ` (empty)` where it made no layer. */
export function historyOf(plan: Plan): readonly string[] {
  const own: readonly HistoryEntry[] = plan.history.slice(plan.baseHistoryCount);
  return own.map((entry) => `${entry.created_by}${entry.empty_layer === true ? ' (empty)' : ''}`);
}

/** Every vertex the result needs, inputs first. */
export function verticesOf(plan: Plan): readonly Vertex[] {
  const seen = new Set<Vertex>();
  const visit = (vertex: Vertex): void => {
    if (seen.has(vertex)) return;
    vertex.inputs.forEach(visit);
    seen.add(vertex);
  };
  if (plan.vertex !== undefined) visit(plan.vertex);
  return [...seen];
}

export function namesOf(plan: Plan): readonly string[] {
  return verticesOf(plan).map((vertex) => vertex.origin.name);
}

/** The op of the result, which must be of this kind. */
export function execOf(plan: Plan): ExecOp {
  return lastOf(plan, 'exec') as ExecOp;
}

export function fileOf(plan: Plan): FileOp {
  return lastOf(plan, 'file') as FileOp;
}

function lastOf(plan: Plan, kind: Op['kind']): Op {
  const op = plan.vertex?.op;
  if (op?.kind !== kind) throw new Error(`the result is ${op?.kind ?? 'scratch'}, not ${kind}`);
  return op;
}
