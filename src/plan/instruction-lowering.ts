// What planning asks of an instruction. One folder in src/instructions implements it for one keyword; the shelf's index
// is the only list of them. An instruction sees the stage it stands in and nothing else of the plan.

import type {Instruction} from '../dockerfile/ast.ts';
import type {Vertex} from '../graph/vertex.ts';
import type {StageState} from './stage-state.ts';

/** The instruction types that have keyword `K` (ADD and COPY share one). */
export type InstructionOf<K extends Instruction['keyword']> = Instruction extends infer I
  ? I extends {readonly keyword: infer W}
    ? K extends W
      ? I
      : never
    : never
  : never;

/** A name in `from=`: a stage, a named context or an image. */
export interface SourceReference {
  readonly name: string;
  /** A number may mean the stage with that index. */
  readonly mayBeIndex: boolean;
}

/** What a SourceReference turned out to be. */
export interface ReferencedSource {
  /** As written. */
  readonly name: string;
  /** False for a stage that is defined later in the file. */
  readonly defined: boolean;
  /** Undefined: an empty file system. */
  readonly vertex: Vertex | undefined;
}

export interface InstructionLowering<I extends Instruction> {
  /** True when it counts in `[stage 2/5]`. */
  readonly isStep: boolean;
  /** What it reads from elsewhere, one entry for each place; undefined where it is the build context or nothing. */
  references?(instruction: I): readonly (SourceReference | undefined)[];
  /** Adds vertices, config and history to the stage. `sources` answer `references`, in order. Throws PlanProblem. */
  lower(instruction: I, stage: StageState, sources: readonly (ReferencedSource | undefined)[]): void;
}

export type InstructionLowerings = {
  readonly [K in Instruction['keyword']]: InstructionLowering<InstructionOf<K>>;
};

/** The part of the language that planning cannot import, since it lies above. */
export interface InstructionSet {
  readonly lowerings: InstructionLowerings;
  /** Reads the text of an ONBUILD trigger; a promise, since the grammar is loaded when it is needed. */
  readTrigger(text: string): Promise<Instruction>;
}

/** The lowering for any instruction. */
export function loweringOf(lowerings: InstructionLowerings, instruction: Instruction) {
  return lowerings[instruction.keyword] as InstructionLowering<Instruction>;
}
