// ENV: variables of the image and of every later step. All pairs see the values from before the instruction.

import type {EnvInstruction} from '../../dockerfile/ast.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const envLowering: InstructionLowering<EnvInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const pairs = instruction.pairs.map(({key, value}) => ({
      key: stage.expand(key),
      value: stage.expand(value),
    }));
    for (const {key, value} of pairs) {
      stage.environment.set(key, value);
      stage.image.setEnv(key, value);
    }
    stage.commitConfig(['ENV', ...pairs.map(({key, value}) => `${key}=${value}`)].join(' '));
  },
};
