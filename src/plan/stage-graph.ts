// The stages of a file and what they need of each other. A node is a stage, or an image or context that is only named
// by a `from=`. FROM sees the stages above it by their exact name; `from=` compares without case and sees the whole
// file, so that naming a later stage is a mistake with a name of its own and not an image nobody has.

import type {Span} from '../diagnostics/span.ts';
import type {Dockerfile, Instruction, Stage} from '../dockerfile/ast.ts';
import {type Platform, parsePlatform} from '../oci/platform.ts';
import {suggest} from '../util/suggest.ts';
import type {Environment} from './environment.ts';
import {expandWord, expansionOf} from './expand.ts';
import {type InstructionLowerings, loweringOf, type SourceReference} from './instruction-lowering.ts';
import type {NamedContexts} from './named-contexts.ts';
import type {NamedContext} from './plan.ts';
import type {PlanObserver} from './plan-observer.ts';
import {PlanProblem, type ProblemList} from './plan-problem.ts';
import type {StageState} from './stage-state.ts';
import {StepNames} from './step-names.ts';

export const scratchName = 'scratch';

export interface StageInstruction {
  readonly instruction: Instruction;
  /** Where a mistake in it is shown: of a trigger, the FROM that brought it. */
  readonly span: Span;
  readonly fromTrigger: boolean;
  /** One for each place it reads from; undefined is the build context or nothing. */
  readonly sources: readonly ({readonly name: string; readonly node: StageNode} | undefined)[];
}

export interface StageNode {
  readonly index: number;
  /** Undefined: an image or context that is only named by a `from=`. */
  readonly stage: Stage | undefined;
  readonly span: Span;
  /** After expansion. */
  readonly baseName: string;
  /** Of FROM --platform. */
  readonly platform: Platform | undefined;
  /** The stage above that FROM names. */
  readonly base: StageNode | undefined;
  /** Replaces the whole stage (`--build-context STAGE=…`). */
  readonly context: NamedContext | undefined;
  /** `build`, or `stage-2` for a stage without a name; for messages. */
  readonly title: string;
  readonly dependencies: Map<StageNode, Span>;
  instructions: readonly StageInstruction[];
  names: StepNames;
  /** Set when its lowering has begun. */
  state: StageState | undefined;
}

export interface GraphScope {
  readonly dockerfile: Dockerfile;
  readonly globals: Environment;
  readonly contexts: NamedContexts;
  readonly lowerings: InstructionLowerings;
  readonly targetPlatform: Platform;
  readonly observer: PlanObserver | undefined;
}

export class StageGraph {
  readonly nodes: StageNode[] = [];
  readonly #byName = new Map<string, StageNode>();
  readonly #scope: GraphScope;

  /** Declares every stage of the file and finds its base; what is wrong goes to `problems`. */
  constructor(scope: GraphScope, problems: ProblemList) {
    this.#scope = scope;
    for (const stage of scope.dockerfile.stages) {
      problems.collect(stage.from.span, () => this.#declare(stage));
    }
  }

  find(name: string): StageNode | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** Names a user may have meant. */
  names(): readonly string[] {
    return this.nodes.flatMap((node) => node.stage?.name || []);
  }

  /** Finds what the instructions of all stages read from. */
  linkInstructions(problems: ProblemList): void {
    for (const node of [...this.nodes]) {
      if (node.stage === undefined || node.context !== undefined) continue;
      node.instructions = node.stage.instructions.flatMap((instruction) => {
        const linked = problems.collect(instruction.span, () =>
          this.link(node, instruction, instruction.span, false),
        );
        return linked === undefined ? [] : [linked];
      });
    }
    for (const node of this.nodes) {
      node.names = new StepNames(this.nodes.length === 1 ? '' : node.title, this.#stepCount(node));
    }
  }

  link(node: StageNode, instruction: Instruction, span: Span, fromTrigger: boolean): StageInstruction {
    const references = loweringOf(this.#scope.lowerings, instruction).references?.(instruction) ?? [];
    const sources = references.map((reference) => {
      if (reference === undefined) return undefined;
      const source = this.#sourceFor(reference, span);
      node.dependencies.set(source, span);
      return {name: reference.name, node: source};
    });
    return {instruction, span, fromTrigger, sources};
  }

  #declare(stage: Stage): void {
    const {contexts, targetPlatform} = this.#scope;
    const written = stage.from.image;
    const baseName = this.#expandFrom(stage);
    if (baseName === '') {
      throw new PlanProblem(
        'plan-blank-base',
        `base name (${written}) should not be blank`,
        ['an ARG that FROM uses stands before the first FROM and needs a default or --build-arg'],
        written,
      );
    }
    const platform = stage.from.platform === undefined ? undefined : this.#platformOf(stage.from.platform);
    const context = stage.name === '' ? undefined : contexts.find(stage.name, platform ?? targetPlatform);
    const index = this.nodes.length;
    this.#add({
      stage,
      span: stage.from.span,
      baseName,
      platform,
      base: context === undefined ? this.#byName.get(baseName) : undefined,
      context,
      title: stage.name === '' ? `stage-${index}` : stage.name,
    });
  }

  /** The base name. What the words of FROM name is told before anything is made of it. */
  #expandFrom(stage: Stage): string {
    const {globals, dockerfile, observer} = this.#scope;
    const image = expansionOf(stage.from.image, globals, dockerfile.escape);
    const {platform: written} = stage.from;
    if (observer?.onFrom !== undefined) {
      const platform =
        written === undefined || image.result === ''
          ? undefined
          : expansionOf(written, globals, dockerfile.escape);
      observer.onFrom({stage, index: this.nodes.length, image, platform, globals});
    }
    return image.result;
  }

  #platformOf(expression: string): Platform {
    const {globals, dockerfile} = this.#scope;
    const text = expandWord(expression, globals, dockerfile.escape);
    const hints = platformHints(expression, globals);
    if (text === '') {
      throw new PlanProblem(
        'plan-platform',
        `empty platform value from expression ${expression}`,
        hints,
        expression,
      );
    }
    const platform = parsePlatform(text);
    if (!('problem' in platform)) return platform;
    throw new PlanProblem(
      'plan-platform',
      `failed to parse platform ${expression}: ${platform.problem}`,
      hints.length > 0 ? hints : ['a platform is OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT: linux/arm64'],
      expression,
    );
  }

  #sourceFor(reference: SourceReference, span: Span): StageNode {
    const {name, mayBeIndex} = reference;
    if (mayBeIndex && /^[+-]?\d+$/.test(name)) {
      const node = this.nodes[Number(name)];
      if (node === undefined)
        throw new PlanProblem(
          'plan-stage-index',
          `invalid stage index ${Number(name)}`,
          ['stages are counted from 0, and only those above can be named'],
          name,
        );
      return node;
    }
    const named = this.find(name);
    if (named !== undefined) return named;
    const nothing = {stage: undefined, platform: undefined, base: undefined, context: undefined};
    return this.#add({...nothing, span, baseName: name, title: name});
  }

  #add(
    parts: Pick<StageNode, 'stage' | 'span' | 'baseName' | 'platform' | 'base' | 'context' | 'title'>,
  ): StageNode {
    const node: StageNode = {
      ...parts,
      index: this.nodes.length,
      dependencies: new Map(),
      instructions: [],
      names: new StepNames('', 0),
      state: undefined,
    };
    this.nodes.push(node);
    if (parts.stage !== undefined && parts.stage.name !== '') {
      this.#byName.set(parts.stage.name.toLowerCase(), node);
    }
    return node;
  }

  #stepCount(node: StageNode): number {
    if (node.stage === undefined || node.context !== undefined) return 0;
    const base = node.baseName !== scratchName && node.base === undefined ? 1 : 0;
    const steps = node.stage.instructions.filter(
      (instruction) => loweringOf(this.#scope.lowerings, instruction).isStep,
    );
    return base + steps.length;
  }
}

/** `target` and everything it is built from. */
export function reachableFrom(target: StageNode): ReadonlySet<StageNode> {
  const reached = new Set<StageNode>();
  const visit = (node: StageNode): void => {
    if (reached.has(node)) return;
    reached.add(node);
    if (node.base !== undefined) visit(node.base);
    for (const dependency of node.dependencies.keys()) visit(dependency);
  };
  visit(target);
  return reached;
}

/** Reports the first circle of `from=` that each stage leads into. */
export function reportCircles(graph: StageGraph, problems: ProblemList): void {
  const visited = new Set<StageNode>();
  const path = new Set<StageNode>();
  const circleFrom = (node: StageNode): Span | undefined => {
    if (visited.has(node)) return undefined;
    visited.add(node);
    path.add(node);
    for (const [dependency, span] of node.dependencies) {
      if (path.has(dependency)) return span;
      const found = circleFrom(dependency);
      if (found !== undefined) return found;
    }
    path.delete(node);
    return undefined;
  };
  for (const node of graph.nodes) {
    path.clear();
    const span = circleFrom(node);
    if (span === undefined) continue;
    const message = `circular dependency detected on stage: ${node.title}`;
    const hints = ['a stage can only copy from stages above it'];
    problems.add(span, new PlanProblem('plan-circular-stages', message, hints, node.title));
  }
}

function platformHints(expression: string, globals: Environment): readonly string[] {
  const unknown = [...expression.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map((match) => match[1] ?? '');
  for (const name of unknown) {
    if (globals.get(name) !== undefined) continue;
    const near = suggest(name, globals.names());
    if (near !== undefined) return [`did you mean ${near}?`];
  }
  return [];
}
