// COPY: files from the build context, a stage, a named context or an image, as they are.

import type {CopyInstruction} from '../../dockerfile/ast.ts';
import {expandTransfer, lowerTransfer} from '../../plan/file-ops.ts';
import {isHttpSource, parseGitReference} from '../../plan/git-reference.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';
import {PlanProblem} from '../../plan/plan-problem.ts';

export const copyLowering: InstructionLowering<CopyInstruction> = {
  isStep: true,
  references({from}) {
    if (from === undefined || from === '') return [];
    // BuildKit expands the word with no variables at all and refuses it when that changes it.
    if (/[$\\"']/.test(from)) {
      throw new PlanProblem(
        'plan-variable-from',
        'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope ' +
          'as a workaround',
        [],
        `--from=${from}`,
      );
    }
    return [{name: from, mayBeIndex: true}];
  },
  lower(instruction, stage, [source]) {
    if (source !== undefined && !source.defined) {
      const name = JSON.stringify(source.name);
      const here = JSON.stringify(stage.title);
      throw new PlanProblem(
        'plan-stage-order',
        `cannot copy from stage ${name}, it needs to be defined before current stage ${here}`,
        [`move the stage ${name} above this one`],
        source.name,
      );
    }
    const transfer = expandTransfer(instruction, stage);
    if (instruction.checksum !== undefined) {
      throw new PlanProblem('plan-checksum', "checksum can't be specified for COPY");
    }
    const from = () => (source === undefined ? stage.buildContext() : source.vertex);
    lowerTransfer(transfer, stage, from, (path) => {
      const hints = ['ADD downloads and clones'];
      if (parseGitReference(path) !== undefined) {
        throw new PlanProblem('plan-remote-copy', "source can't be a git ref for COPY", hints, path);
      }
      if (isHttpSource(path)) {
        throw new PlanProblem('plan-remote-copy', "source can't be a URL for COPY", hints, path);
      }
      return undefined;
    });
  },
};
