// WORKDIR: the directory of later steps and of the image, relative to the one before. It is made now, as a layer of its
// own (`/` needs none), and belongs to the user of this point.

import type {WorkdirInstruction} from '../../dockerfile/ast.ts';
import {makeWorkdir} from '../../plan/file-ops.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const workdirLowering: InstructionLowering<WorkdirInstruction> = {
  isStep: true,
  lower(instruction, stage) {
    stage.setWorkdir(stage.expand(instruction.path));
    const text = `WORKDIR ${stage.workdir}`;
    if (stage.workdir === '/') {
      stage.commitConfig(text);
      return;
    }
    makeWorkdir(stage);
    stage.commitLayer(text);
  },
};
