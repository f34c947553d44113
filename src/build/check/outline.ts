// What the build of a target takes: build arguments, secrets, agents. Gathered from planning, so that only what the
// target needs is in it, each with the value it has now.

import type {Span} from '../../diagnostics/span.ts';
import type {Dockerfile, RunInstruction} from '../../dockerfile/ast.ts';
import {descriptionOf} from '../../dockerfile/doc-comment.ts';
import type {Expanded} from '../../dockerfile/expansion.ts';
import {type Mount, parseMount} from '../../instructions/run/mount.ts';
import {ownValue} from '../../plan/build-args.ts';
import {expansionOf} from '../../plan/expand.ts';
import type {ExpandedFrom, ObservedInstruction, PlanObserver, Variables} from '../../plan/plan-observer.ts';
import {PlanProblem} from '../../plan/plan-problem.ts';

export interface OutlineArgument {
  readonly name: string;
  readonly description: string;
  /** '' when it has none. */
  readonly value: string;
  readonly span: Span;
}

export interface OutlineMount {
  readonly name: string;
  readonly required: boolean;
  readonly span: Span;
}

export interface Outline {
  readonly name: string;
  readonly description: string;
  readonly args: readonly OutlineArgument[];
  readonly secrets: readonly OutlineMount[];
  readonly ssh: readonly OutlineMount[];
}

export class OutlineObserver implements PlanObserver {
  readonly #dockerfile: Dockerfile;
  readonly #buildArgs: Readonly<Record<string, string>>;
  readonly #froms: ExpandedFrom[] = [];
  readonly #stages = new Set<number>();
  /** Stages declare these; the later stage in the file, which is nearer to the target, has the word. */
  readonly #declared = new Map<string, OutlineArgument>();
  /** Declared in stages without a value of their own. */
  readonly #inherited = new Set<string>();
  readonly #secrets = new Map<string, OutlineMount>();
  readonly #ssh = new Map<string, OutlineMount>();

  constructor(dockerfile: Dockerfile, buildArgs: Readonly<Record<string, string>>) {
    this.#dockerfile = dockerfile;
    this.#buildArgs = buildArgs;
  }

  onFrom(from: ExpandedFrom): void {
    this.#froms.push(from);
  }

  onStage(index: number): void {
    this.#stages.add(index);
  }

  afterInstruction({instruction, span, stage}: ObservedInstruction): void {
    if (instruction.keyword === 'RUN') this.#addMounts(instruction, span, (word) => stage.peek(word) ?? word);
    if (instruction.keyword !== 'ARG') return;
    for (const {key, value: fallback} of instruction.args) {
      const isOwn = fallback !== undefined || ownValue(this.#buildArgs, key) !== undefined;
      const value = stage.environment.get(key);
      if (!isOwn && value !== undefined) {
        this.#inherited.add(key);
        continue;
      }
      const description = descriptionOf(instruction.comments, key);
      this.#declared.set(key, {name: key, description, value: value ?? '', span});
    }
  }

  outlineFor(target: string | undefined): Outline {
    const {stages} = this.#dockerfile;
    const wanted = target?.toLowerCase() ?? '';
    const stage = wanted === '' ? stages.at(-1) : stages.findLast(({name}) => name === wanted);
    const name = stage?.name ?? '';
    return {
      name,
      description: stage === undefined ? '' : descriptionOf(stage.from.comments, name),
      args: [...this.#arguments().values()].sort(byPlace),
      secrets: [...this.#secrets.values()].sort(byPlace),
      ssh: [...this.#ssh.values()].sort(byPlace),
    };
  }

  #arguments(): ReadonlyMap<string, OutlineArgument> {
    const froms = this.#froms.filter(({index}) => this.#stages.has(index));
    const used = new Set(this.#inherited);
    for (const {image, platform} of froms) {
      for (const name of [...image.matched, ...(platform?.matched ?? [])]) used.add(name);
    }
    const globals = this.#froms[0]?.globals;
    const result = new Map<string, OutlineArgument>();
    if (globals !== undefined) this.#addGlobals(used, globals, result);
    for (const [name, argument] of this.#declared) result.set(name, argument);
    return result;
  }

  /** Arguments before the first FROM that are used, and those that their defaults use. */
  #addGlobals(used: Set<string>, globals: Variables, result: Map<string, OutlineArgument>): void {
    for (const instruction of this.#dockerfile.metaArgs.toReversed()) {
      for (const {key, value: fallback} of instruction.args.toReversed()) {
        if (!used.has(key)) continue;
        const needed = fallback === undefined ? undefined : this.#expansionOf(fallback, globals);
        for (const name of needed?.matched ?? []) used.add(name);
        if (result.has(key)) continue;
        const description = descriptionOf(instruction.comments, key);
        result.set(key, {name: key, description, value: globals.get(key) ?? '', span: instruction.span});
      }
    }
  }

  #expansionOf(word: string, globals: Variables): Expanded<string> | undefined {
    try {
      return expansionOf(word, globals, this.#dockerfile.escape);
    } catch (error) {
      if (error instanceof PlanProblem) return undefined;
      throw error;
    }
  }

  #addMounts(run: RunInstruction, span: Span, expand: (word: string) => string): void {
    for (const text of run.mounts) {
      const mount = parseMount(text, expand);
      if (mount.type === 'secret') keep(this.#secrets, secretName(mount), mount.required, span);
      if (mount.type === 'ssh') keep(this.#ssh, mount.id || 'default', mount.required, span);
    }
  }
}

function keep(mounts: Map<string, OutlineMount>, name: string, required: boolean, span: Span): void {
  const known = mounts.get(name);
  mounts.set(name, {name, required: required || known?.required === true, span: known?.span ?? span});
}

/** As the exec op names it: the id, or the last part of where it goes. */
function secretName({id, source, target = ''}: Mount): string {
  return source || id || target.slice(target.lastIndexOf('/') + 1);
}

function byPlace(a: {readonly span: Span}, b: {readonly span: Span}): number {
  return a.span.line - b.span.line || a.span.column - b.span.column;
}
