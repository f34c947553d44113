// tsbuild/RecursiveChownAfterCopy: `RUN chown -R` over what a COPY has just made stores every file a second time, in
// the layer of the RUN. COPY --chown and --chmod store them once.

import type {CopyInstruction, RunInstruction} from '../../../dockerfile/ast.ts';
import type {StageView} from '../../../plan/plan-observer.ts';
import {clean} from '../../../util/go-path.ts';
import type {LintRule} from '../../rule.ts';
import {commandsOf} from '../../run-commands.ts';

export const recursiveChownAfterCopy: LintRule = {
  name: 'tsbuild/RecursiveChownAfterCopy',
  description: 'Owners and modes of copied files should be given with COPY --chown and --chmod',
  start({report}) {
    const copied = new Map<StageView, Set<string>>();
    return {
      onInstruction({instruction, span, stage}) {
        if (instruction.keyword === 'COPY' || instruction.keyword === 'ADD') {
          const paths = copied.get(stage) ?? new Set();
          copied.set(stage, paths.add(destinationOf(instruction, stage)));
        }
        if (instruction.keyword !== 'RUN') return;
        const paths = copied.get(stage);
        const change = changesOf(instruction).find(({path}) => paths?.has(absolute(path, stage)) === true);
        if (change === undefined) return;
        const {comments} = instruction;
        const {program, path} = change;
        report(
          {span, comments},
          `${program} -R ${path} stores the files that were copied there a second time: use COPY --${program}`,
        );
      },
    };
  },
};

function changesOf(run: RunInstruction): readonly {readonly program: string; readonly path: string}[] {
  return commandsOf(run).flatMap(([program = '', ...rest]) => {
    if (program !== 'chown' && program !== 'chmod') return [];
    const isRecursive = rest.some((word) => /^-[a-zA-Z]*R[a-zA-Z]*$|^--recursive$/.test(word));
    const [, ...paths] = rest.filter((word) => !word.startsWith('-'));
    return isRecursive ? paths.map((path) => ({program, path})) : [];
  });
}

function destinationOf({destination}: CopyInstruction, stage: StageView): string {
  return absolute(stage.peek(destination) ?? destination, stage);
}

function absolute(path: string, {workdir}: StageView): string {
  return clean(path.startsWith('/') ? path : `${workdir}/${path}`);
}
