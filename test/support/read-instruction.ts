// One instruction as the parser reads it below `FROM scratch`, and what it says about it.

import {sourceFile} from '../../src/diagnostics/source-file.ts';
import type {Dockerfile, Instruction} from '../../src/dockerfile/ast.ts';
import {parseWithReaders} from '../../src/instructions/readers.ts';

export interface ReadOutcome {
  readonly instruction: Instruction | undefined;
  /** `message @line:column-endColumn`, columns from 0. */
  readonly problems: readonly string[];
  readonly hints: readonly string[];
}

export function readInstruction(text: string, head = 'FROM scratch'): ReadOutcome {
  const {dockerfile, diagnostics} = parseWithReaders(sourceFile('Dockerfile', `${head}\n${text}\n`));
  return {
    instruction: dockerfile?.stages[0]?.instructions[0],
    problems: diagnostics.map(
      ({message, span}) => `${message} @${span?.line}:${span?.column}-${span?.endColumn}`,
    ),
    hints: diagnostics.flatMap(({hints}) => hints ?? []),
  };
}

/** A Dockerfile that must be sound. */
export function readDockerfile(text: string): Dockerfile {
  const {dockerfile, diagnostics} = parseWithReaders(sourceFile('Dockerfile', text));
  if (dockerfile === undefined) throw new Error(diagnostics.map(({message}) => message).join('\n'));
  return dockerfile;
}
