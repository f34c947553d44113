// A stage while it is planned: the file system so far (a vertex), the image config, the variables, the names of its
// steps. Instructions change it through this class only; nothing of it is seen outside the plan.

import type {Span} from '../diagnostics/span.ts';
import type {CommandLine, Instruction} from '../dockerfile/ast.ts';
import type {FileAction, Op} from '../graph/op.ts';
import type {Vertex} from '../graph/vertex.ts';
import type {Platform} from '../oci/platform.ts';
import {Environment, splitVariable} from './environment.ts';
import {
  type Escape,
  expandForDisplay,
  expandHeredoc,
  expandWord,
  expandWords,
  expansionOf,
} from './expand.ts';
import type {GraphBuilder} from './graph-builder.ts';
import type {ImageConfigBuilder} from './image-config-builder.ts';
import {workdirAfter} from './paths.ts';
import type {PlanRequest} from './plan.ts';
import type {ObservedInstruction, StageView} from './plan-observer.ts';
import {PlanProblem} from './plan-problem.ts';
import {platformLabel, type StepNames, type StepPlace, withUpperKeyword} from './step-names.ts';

/** Linux' PATH_MAX. */
const pathLengthMax = 4096;

/** What all stages of a plan share. */
export interface PlanScope {
  readonly request: PlanRequest;
  /** `--build-arg`, with SOURCE_DATE_EPOCH as it was resolved. */
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly globals: Environment;
  readonly escape: Escape;
  readonly vertices: GraphBuilder;
  readonly epochSeconds: number | undefined;
}

/** What a stage starts from when it does not stand on another stage. */
export interface StageBase {
  readonly vertex: Vertex | undefined;
  readonly image: ImageConfigBuilder;
  readonly platform: Platform;
}

export interface DeclaredArgument {
  readonly key: string;
  readonly value: string | undefined;
}

interface CurrentInstruction {
  readonly instruction: Instruction;
  readonly span: Span;
  readonly fromTrigger: boolean;
}

export class StageState implements StageView {
  readonly scope: PlanScope;
  readonly base: StageState | undefined;
  readonly platform: Platform;
  readonly image: ImageConfigBuilder;
  /** ENV and ARG, the last declaration winning: what RUN sees. */
  readonly environment: Environment;
  /** Every ARG of this stage and of the stages it stands on, in order. */
  readonly declaredArguments: DeclaredArgument[];
  vertex: Vertex | undefined;
  workdir = '/';
  user = '';
  /** True once CMD stands in this stage: ENTRYPOINT then leaves it alone. */
  hasOwnCommand = false;
  readonly #names: StepNames;
  /** Of the paths in the config; steps always see slashes. */
  readonly #separator: '/' | '\\';
  /** For messages: the name of the stage, or `stage-N`. */
  readonly title: string;
  readonly #ignoreCache: boolean;
  #current: CurrentInstruction | undefined;

  constructor(
    scope: PlanScope,
    from: StageBase | StageState,
    stage: {readonly names: StepNames; readonly title: string; readonly ignoreCache: boolean},
  ) {
    this.scope = scope;
    this.base = from instanceof StageState ? from : undefined;
    this.platform = from.platform;
    this.vertex = from.vertex;
    this.image = from.image.clone();
    this.#names = stage.names;
    this.#separator = from.platform.os === 'windows' ? '\\' : '/';
    this.title = stage.title;
    this.#ignoreCache = stage.ignoreCache;
    this.environment = this.base?.environment.clone() ?? new Environment();
    this.declaredArguments = [...(this.base?.declaredArguments ?? [])];
    // Triggers of the base have become instructions of this stage by now.
    this.image.onBuild = [];
    this.image.addMissingPath();
    // Said again for a stage on a stage: its ENV wins over an ARG of the same name that came after it there.
    for (const entry of this.image.env) this.environment.set(...splitVariable(entry));
    if (this.image.workingDir !== '') this.setWorkdir(this.image.workingDir);
    this.user = this.image.user;
  }

  /** Called before each instruction. */
  begin(current: CurrentInstruction): void {
    this.#current = current;
    const {observer} = this.scope.request;
    if (observer?.onInstruction !== undefined) observer.onInstruction(this.#observed(current));
  }

  /** Called after each instruction that had no mistake. */
  end(): void {
    const {observer} = this.scope.request;
    if (this.#current !== undefined && observer?.afterInstruction !== undefined) {
      observer.afterInstruction(this.#observed(this.#current));
    }
  }

  /** `path` is relative to the directory so far. */
  setWorkdir(path: string): void {
    this.workdir = workdirAfter(this.workdir, path.replaceAll(this.#separator, '/'));
    if (this.workdir.length > pathLengthMax) {
      throw new PlanProblem(
        'plan-workdir-too-long',
        `a path can have no more than ${pathLengthMax} characters`,
      );
    }
    this.image.workingDir = this.workdir.replaceAll('/', this.#separator);
  }

  /** One word, quotes taken off. */
  expand(word: string): string {
    const {result, unmatched} = expansionOf(word, this.environment, this.scope.escape);
    this.#tellUnset(unmatched);
    return result;
  }

  /** Words after expansion: a variable with blanks gives several. */
  expandWords(word: string): readonly string[] {
    return expandWords(word, this.environment, this.scope.escape);
  }

  /** Variables of a heredoc body; quotes in it are text. */
  expandHeredoc(content: string): string {
    const {result, unmatched} = expandHeredoc(content, this.environment);
    this.#tellUnset(unmatched);
    return result;
  }

  get shell(): readonly string[] {
    return this.image.shell;
  }

  get imageVariables(): readonly string[] {
    return this.image.env;
  }

  peek(word: string): string | undefined {
    return withoutProblem(() => expandWord(word, this.environment, this.scope.escape));
  }

  peekWords(word: string): readonly string[] {
    return withoutProblem(() => expandWords(word, this.environment, this.scope.escape)) ?? [];
  }

  /** The numbered name of the current instruction, with its variables filled in. */
  stepName(): string {
    return this.nextName(withUpperKeyword(this.#shown('words')));
  }

  /** Of RUN: quotes stay, and variables that only the shell knows. `hidden` names hold secrets. */
  commandName(suffix: string, hidden: readonly string[]): string {
    const variables = this.environment.clone();
    for (const name of hidden) variables.set(name, '****');
    const text = (this.#current?.instruction.original ?? '') + suffix;
    return this.nextName(withUpperKeyword(expandForDisplay(text, variables, this.scope.escape, 'command')));
  }

  /** A command as it will be run: the shell form goes through the SHELL of this point. */
  commandLine({json, args}: CommandLine): readonly string[] {
    if (json) return args;
    const shell = this.image.shell.length > 0 ? this.image.shell : defaultShell(this.image.platform);
    return [...shell, args.join(' ')];
  }

  nextName(text: string): string {
    return this.#names.next(text, this.#stepPlace());
  }

  /** A second name under the number given last. */
  sameStepName(prefix: string): string {
    return this.#names.current(`${prefix} ${withUpperKeyword(this.#shown('words'))}`, this.#stepPlace());
  }

  /** Adds a vertex of the current instruction; it is not yet the stage's file system. */
  add(op: Op, inputs: readonly Vertex[], name: string, options: {readonly mayIgnoreCache: boolean}): Vertex {
    const span = this.#current?.span;
    return this.scope.vertices.add(op, inputs, {
      name,
      stage: this.title,
      ...(span === undefined ? {} : {span}),
      ...(options.mayIgnoreCache && this.#ignoreCache ? {ignoreCache: true} : {}),
    });
  }

  /** The build context as a source. */
  buildContext(): Vertex {
    const origin = {name: '[internal] load build context'};
    return this.scope.vertices.add({kind: 'source', source: {type: 'local', name: 'context'}}, [], origin);
  }

  /** A history entry of an instruction that changes the config only. */
  commitConfig(createdBy: string): void {
    this.image.addHistory(createdBy, false);
  }

  commitLayer(createdBy: string): void {
    this.image.addHistory(createdBy, true);
  }

  /** Time for what an action itself creates, when the build is to be reproducible. */
  creationTime(): Pick<FileAction, 'createdSeconds'> {
    const {epochSeconds} = this.scope;
    return epochSeconds === undefined ? {} : {createdSeconds: epochSeconds};
  }

  #stepPlace(): StepPlace {
    const fromTrigger = this.#current?.fromTrigger;
    if (this.scope.request.showsPlatforms !== true) return {fromTrigger};
    return {fromTrigger, platform: platformLabel(this.platform, this.environment)};
  }

  #shown(mode: 'words' | 'command'): string {
    const text = this.#current?.instruction.original ?? '';
    return expandForDisplay(text, this.environment, this.scope.escape, mode);
  }

  #observed({instruction, span}: CurrentInstruction): ObservedInstruction {
    return {instruction, span, stage: this};
  }

  #tellUnset(names: readonly string[]): void {
    const {observer} = this.scope.request;
    if (names.length === 0 || this.#current === undefined || observer?.onUnset === undefined) return;
    observer.onUnset(names, this.#observed(this.#current));
  }
}

function withoutProblem<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof PlanProblem) return undefined;
    throw error;
  }
}

function defaultShell(platform: Platform): readonly string[] {
  return platform.os === 'windows' ? ['cmd', '/S', '/C'] : ['/bin/sh', '-c'];
}
