// SHELL: what later shell forms of RUN, CMD and ENTRYPOINT run in.

import type {ShellInstruction} from '../../dockerfile/ast.ts';
import {plainList} from '../../plan/go-format.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const shellLowering: InstructionLowering<ShellInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    stage.image.shell = instruction.shell;
    stage.commitConfig(`SHELL ${plainList(instruction.shell)}`);
  },
};
