// VOLUME: a note in the config. Later steps may still write below it, and what they write stays (as in BuildKit).

import type {VolumeInstruction} from '../../dockerfile/ast.ts';
import {plainList} from '../../plan/go-format.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';
import {PlanProblem} from '../../plan/plan-problem.ts';

export const volumeLowering: InstructionLowering<VolumeInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const volumes = instruction.volumes.map((volume) => stage.expand(volume));
    if (volumes.includes('')) {
      throw new PlanProblem('plan-empty-volume', 'VOLUME specified can not be an empty string');
    }
    for (const volume of volumes) stage.image.volumes.add(volume);
    stage.commitConfig(`VOLUME ${plainList(volumes)}`);
  },
};
