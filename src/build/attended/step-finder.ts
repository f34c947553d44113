// Finds the step that an address means while the file is planned, and notes how the stage stands there: its file
// system, and what a RUN at this point would see.

import {buildError} from '../../diagnostics/build-error.ts';
import type {Dockerfile, Stage} from '../../dockerfile/ast.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {instructionSet} from '../../instructions/index.ts';
import type {Platform} from '../../oci/platform.ts';
import {loweringOf} from '../../plan/instruction-lowering.ts';
import type {ObservedInstruction, PlanObserver, StageView} from '../../plan/plan-observer.ts';
import {suggest} from '../../util/suggest.ts';
import type {StepAddress} from './step-address.ts';

export interface StageAtStep {
  readonly vertex: Vertex | undefined;
  readonly env: readonly string[];
  readonly workdir: string;
  readonly user: string;
  readonly shell: readonly string[];
  readonly platform: Platform;
}

export class StepFinder implements PlanObserver {
  readonly #address: StepAddress;
  readonly #dockerfile: Dockerfile;
  readonly #stageIndex: number;
  #stage: StageView | undefined;
  #steps = 0;
  #found: StageAtStep | undefined;

  /** Throws BuildError('usage') when the file has no such stage or line. */
  constructor(address: StepAddress, dockerfile: Dockerfile) {
    this.#address = address;
    this.#dockerfile = dockerfile;
    this.#stageIndex = stageIndexOf(address, dockerfile);
  }

  /** What to plan: the stage by its name, or (for one that has none) every stage. */
  get target(): {readonly target?: string; readonly allStages?: boolean} {
    const name = this.#stageOf().name;
    if (name !== '') return {target: name};
    const isLast = this.#stageIndex === this.#dockerfile.stages.length - 1;
    return isLast ? {} : {allStages: true};
  }

  onStage(index: number, stage: StageView): void {
    if (index !== this.#stageIndex) return;
    this.#stage = stage;
    // FROM counts when it brings something of its own.
    this.#steps = stage.base === undefined && stage.vertex !== undefined ? 1 : 0;
    const {span} = this.#stageOf().from;
    this.#look(stage, span.line, span.endLine, this.#steps === 1);
  }

  afterInstruction({instruction, span, stage}: ObservedInstruction): void {
    if (stage !== this.#stage) return;
    const isStep = loweringOf(instructionSet.lowerings, instruction).isStep;
    if (isStep) this.#steps++;
    this.#look(stage, span.line, span.endLine, isStep);
  }

  /** Throws BuildError('usage') when the stage has no such step. */
  result(): StageAtStep {
    if (this.#found !== undefined) return this.#found;
    const title = this.#stageOf().name || 'the stage';
    const message =
      this.#address.by === 'number'
        ? `${title} has ${this.#steps} steps, and no step ${this.#address.number}`
        : 'there is no instruction on that line';
    throw buildError('usage', 'shell-no-step', message);
  }

  #look(stage: StageView, line: number, endLine: number, isStep: boolean): void {
    const address = this.#address;
    const isMeant =
      address.by === 'stage' ||
      (address.by === 'line' && address.line >= line && address.line <= endLine) ||
      (address.by === 'number' && isStep && address.number === this.#steps);
    if (!isMeant) return;
    const {environment} = stage;
    this.#found = {
      vertex: stage.vertex,
      env: environment.names().map((name) => `${name}=${environment.get(name) ?? ''}`),
      workdir: stage.workdir,
      user: stage.user,
      shell: stage.shell,
      platform: stage.platform,
    };
  }

  #stageOf(): Stage {
    const stage = this.#dockerfile.stages[this.#stageIndex];
    if (stage === undefined) throw new RangeError(`no stage ${this.#stageIndex}`);
    return stage;
  }
}

function stageIndexOf(address: StepAddress, {stages}: Dockerfile): number {
  if (address.by === 'line') {
    const index = stages.findLastIndex(({from}) => from.span.line <= address.line);
    if (index >= 0) return index;
    throw buildError('usage', 'shell-no-step', `line ${address.line} stands before the first FROM`);
  }
  const wanted = address.stage.toLowerCase();
  if (wanted === '') {
    if (stages.length === 1) return 0;
    throw buildError('usage', 'shell-no-step', 'the file has several stages: name one, as in --at STAGE:3');
  }
  const titles = stages.map(({name}, index) => (name === '' ? `stage-${index}` : name.toLowerCase()));
  const index = titles.lastIndexOf(wanted);
  if (index >= 0) return index;
  const near = suggest(wanted, titles);
  throw buildError('usage', 'shell-no-step', `there is no stage "${address.stage}"`, {
    hints: [near === undefined ? `stages: ${titles.join(', ')}` : `did you mean ${near}?`],
  });
}
