// A parsed Dockerfile: typed instructions with their place in the file. Nothing is expanded: variables, quotes and
// escapes stay as in the source (quotes are taken off only where BuildKit's parser does). Produced by parse.ts
// through the grammar and the `read` half of each instruction (src/instructions/*/read.ts); consumed by src/plan.

import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Span} from '../diagnostics/span.ts';

export interface Dockerfile {
  readonly file: SourceFile;
  readonly escape: '\\' | '`';
  readonly directives: {readonly syntax?: string; readonly check?: string};
  /** ARGs before the first FROM. */
  readonly metaArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}

export interface Stage {
  /** Lower-cased AS name; '' when there is none. */
  readonly name: string;
  readonly from: FromInstruction;
  readonly instructions: readonly Instruction[];
}

/** A flag as written: `--mount=type=cache,target=/x` has name `mount`. */
export interface Flag {
  readonly name: string;
  /** Undefined for a bare `--link`. */
  readonly value?: string;
  /** The whole word as written. */
  readonly text: string;
  readonly span: Span;
}

export interface Heredoc {
  readonly name: string;
  readonly fd: number;
  /** False when the delimiter was quoted. */
  readonly expand: boolean;
  /** `<<-`: leading tabs are stripped (already done in `content`). */
  readonly chomp: boolean;
  readonly content: string;
  /** As written: a RUN whose shell handles its heredocs itself is handed them as they stand. */
  readonly raw: string;
}

export interface InstructionBase {
  /** Where the instruction stands, heredoc bodies included. */
  readonly span: Span;
  /** The logical line: continuations joined, keyword as written, no blanks around. */
  readonly original: string;
  readonly flags: readonly Flag[];
  readonly heredocs: readonly Heredoc[];
  /** Comment lines directly above, without `#` and blanks around: for `# check=` and doc comments. */
  readonly comments: readonly string[];
}

/** Shell form holds one string, exec (JSON) form the argument vector. */
export interface CommandLine {
  readonly json: boolean;
  readonly args: readonly string[];
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Legacy `ENV key value` (no `=`). */
  readonly legacy: boolean;
}

export interface FromInstruction extends InstructionBase {
  readonly keyword: 'FROM';
  readonly image: string;
  readonly platform?: string;
  /** AS name, lower-cased; '' when there is none. */
  readonly name: string;
}
export interface RunInstruction extends InstructionBase {
  readonly keyword: 'RUN';
  readonly command: CommandLine;
  /** Values of --mount as written, validated but not expanded. */
  readonly mounts: readonly string[];
  readonly network?: 'default' | 'none' | 'host';
  readonly security?: 'sandbox' | 'insecure';
  readonly devices: readonly string[];
}
export interface CopyInstruction extends InstructionBase {
  readonly keyword: 'COPY' | 'ADD';
  /** Source words in order; those that open a heredoc are not here but in `sourceHeredocs`. */
  readonly sources: readonly string[];
  readonly sourceHeredocs: readonly Heredoc[];
  readonly destination: string;
  readonly from?: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly excludes: readonly string[];
  readonly checksum?: string;
  readonly keepGitDir?: boolean;
  readonly unpack?: boolean;
}
export interface EnvInstruction extends InstructionBase {
  readonly keyword: 'ENV';
  readonly pairs: readonly KeyValue[];
}
export interface LabelInstruction extends InstructionBase {
  readonly keyword: 'LABEL';
  readonly pairs: readonly KeyValue[];
}
export interface ArgInstruction extends InstructionBase {
  readonly keyword: 'ARG';
  readonly args: readonly {readonly key: string; readonly value?: string}[];
}
export interface CommandInstruction extends InstructionBase {
  readonly keyword: 'CMD' | 'ENTRYPOINT';
  readonly command: CommandLine;
}
export interface ShellInstruction extends InstructionBase {
  readonly keyword: 'SHELL';
  readonly shell: readonly string[];
}
export interface WorkdirInstruction extends InstructionBase {
  readonly keyword: 'WORKDIR';
  readonly path: string;
}
export interface UserInstruction extends InstructionBase {
  readonly keyword: 'USER';
  readonly user: string;
}
export interface ExposeInstruction extends InstructionBase {
  readonly keyword: 'EXPOSE';
  readonly ports: readonly string[];
}
export interface VolumeInstruction extends InstructionBase {
  readonly keyword: 'VOLUME';
  readonly volumes: readonly string[];
}
export interface StopSignalInstruction extends InstructionBase {
  readonly keyword: 'STOPSIGNAL';
  readonly signal: string;
}
export interface MaintainerInstruction extends InstructionBase {
  readonly keyword: 'MAINTAINER';
  readonly maintainer: string;
}
export interface HealthcheckInstruction extends InstructionBase {
  readonly keyword: 'HEALTHCHECK';
  /** Undefined for HEALTHCHECK NONE. */
  readonly command?: CommandLine;
  /** Nanoseconds. */
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}
export interface OnBuildInstruction extends InstructionBase {
  readonly keyword: 'ONBUILD';
  /** Text of the trigger, as stored in the image config (heredoc bodies included). */
  readonly expression: string;
}

export type Instruction =
  | RunInstruction
  | CopyInstruction
  | EnvInstruction
  | LabelInstruction
  | ArgInstruction
  | CommandInstruction
  | ShellInstruction
  | WorkdirInstruction
  | UserInstruction
  | ExposeInstruction
  | VolumeInstruction
  | StopSignalInstruction
  | MaintainerInstruction
  | HealthcheckInstruction
  | OnBuildInstruction;

export type Keyword = Instruction['keyword'] | 'FROM';
