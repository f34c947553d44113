// What planning tells about a file on the way, for those who judge it: lint rules, and the outline of what a build
// takes. An observer sees the plan and cannot change it. It is told of mistakes in the making, too, so what it heard
// is worth something even when the plan fails.

import type {Span} from '../diagnostics/span.ts';
import type {Instruction, Stage} from '../dockerfile/ast.ts';
import type {Expanded} from '../dockerfile/expansion.ts';
import type {Vertex} from '../graph/vertex.ts';
import type {Platform} from '../oci/platform.ts';

export interface PlanObserver {
  /** A FROM, of every stage of the file. */
  onFrom?(from: ExpandedFrom): void;
  /** A stage that is planned begins; `index` is its position in the file. Not told of what a `from=` alone names. */
  onStage?(index: number, stage: StageView): void;
  /** A base image has been looked up. Not for named contexts and images without layers. */
  onBaseImage?(base: ObservedBase): void;
  /** Before an instruction is lowered; of the stages that are planned, triggers of base images included. */
  onInstruction?(seen: ObservedInstruction): void;
  /** After it was lowered without a mistake. */
  afterInstruction?(seen: ObservedInstruction): void;
  /** A word of the instruction names variables that have no value. Once for each word. */
  onUnset?(names: readonly string[], seen: ObservedInstruction): void;
}

/** Tells `observer` until `isOver`: what follows a mistake would be judged by what is not so. */
export function observerUntil(observer: PlanObserver, isOver: () => boolean): PlanObserver {
  const unless = (tell: () => void): void => {
    if (!isOver()) tell();
  };
  return {
    onFrom: (from) => unless(() => observer.onFrom?.(from)),
    onStage: (index, stage) => unless(() => observer.onStage?.(index, stage)),
    onBaseImage: (base) => unless(() => observer.onBaseImage?.(base)),
    onInstruction: (seen) => unless(() => observer.onInstruction?.(seen)),
    afterInstruction: (seen) => unless(() => observer.afterInstruction?.(seen)),
    onUnset: (names, seen) => unless(() => observer.onUnset?.(names, seen)),
  };
}

export interface ExpandedFrom {
  readonly stage: Stage;
  /** Position among the stages of the file. */
  readonly index: number;
  readonly image: Expanded<string>;
  /** Undefined when there is no --platform, or the image name is blank. */
  readonly platform: Expanded<string> | undefined;
  /** What FROM lines see: predefined arguments and ARGs before the first FROM. */
  readonly globals: Variables;
}

export interface ObservedBase {
  /** Undefined for an image that is only named by a `from=`. */
  readonly stage: Stage | undefined;
  readonly span: Span;
  /** As written, variables filled in. */
  readonly name: string;
  readonly expected: Platform;
  /** What the image says it is for. */
  readonly actual: Platform;
}

export interface ObservedInstruction {
  readonly instruction: Instruction;
  /** Where it is shown: of a trigger, the FROM that brought it. */
  readonly span: Span;
  readonly stage: StageView;
}

export interface Variables {
  get(name: string): string | undefined;
  names(): readonly string[];
}

/** A stage as it stands at this point. The same object for all instructions of one stage. */
export interface StageView {
  /** The stage it stands on; undefined for an image or nothing. */
  readonly base: StageView | undefined;
  readonly platform: Platform;
  /** What RUN sees: ENV and ARG. */
  readonly environment: Variables;
  readonly declaredArguments: readonly {readonly key: string; readonly value: string | undefined}[];
  /** ENV alone, `NAME=value` each, as the image will have it. */
  readonly imageVariables: readonly string[];
  /** SHELL, of the file or of the base image; empty when there is none. */
  readonly shell: readonly string[];
  readonly workdir: string;
  /** Of USER; '' is root. */
  readonly user: string;
  /** The file system so far; undefined is none. */
  readonly vertex: Vertex | undefined;
  /** A word with its variables filled in; undefined when that fails. Tells nobody. */
  peek(word: string): string | undefined;
  peekWords(word: string): readonly string[];
}
