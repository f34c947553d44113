// ONBUILD: keeps a trigger for the builds that start from this image. No history entry, as in BuildKit.

import type {OnBuildInstruction} from '../../dockerfile/ast.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const onBuildLowering: InstructionLowering<OnBuildInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    stage.image.onBuild.push(instruction.expression);
  },
};
