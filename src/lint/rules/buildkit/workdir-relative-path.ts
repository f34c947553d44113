// WorkdirRelativePath: the first WORKDIR of a stage, and of the stages it stands on, should be absolute; a relative
// one hangs on what the base image happens to have. After the first, relative ones are as good as it is.

import {quoted} from '../../../plan/go-format.ts';
import type {StageView} from '../../../plan/plan-observer.ts';
import type {LintRule} from '../../rule.ts';

export const workdirRelativePath: LintRule = {
  name: 'WorkdirRelativePath',
  description:
    'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
  url: 'https://docs.docker.com/go/dockerfile/rule/workdir-relative-path/',
  start({report}) {
    const settled = new Set<StageView>();
    const isSettled = (stage: StageView | undefined): boolean =>
      stage !== undefined && (settled.has(stage) || isSettled(stage.base));
    return {
      onInstruction({instruction, span, stage}) {
        if (instruction.keyword !== 'WORKDIR') return;
        const path = stage.peek(instruction.path);
        if (path === undefined) return;
        if (!isSettled(stage) && !isAbsolute(path, stage.platform.os)) {
          const {comments} = instruction;
          const shown = quoted(path);
          report(
            {span, comments},
            `Relative workdir ${shown} can have unexpected results if the base image changes`,
          );
        }
        settled.add(stage);
      },
    };
  },
};

function isAbsolute(path: string, os: string): boolean {
  return os === 'windows' ? /^(?:[A-Za-z]:)?[\\/]/.test(path) : path.startsWith('/');
}
