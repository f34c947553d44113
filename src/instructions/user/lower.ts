// USER: who runs later steps and the image. Only a name here; a step looks it up in its own file system.

import type {UserInstruction} from '../../dockerfile/ast.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const userLowering: InstructionLowering<UserInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const user = stage.expand(instruction.user);
    stage.user = user;
    stage.image.user = user;
    stage.commitConfig(`USER ${user}`);
  },
};
