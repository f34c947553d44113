// MAINTAINER: the author of the image; LABEL has replaced it.

import type {MaintainerInstruction} from '../../dockerfile/ast.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const maintainerLowering: InstructionLowering<MaintainerInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    stage.image.author = instruction.maintainer;
    stage.commitConfig(`MAINTAINER ${instruction.maintainer}`);
  },
};
