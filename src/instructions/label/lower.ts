// LABEL: merged over the labels of the base.

import type {LabelInstruction} from '../../dockerfile/ast.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const labelLowering: InstructionLowering<LabelInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const pairs = instruction.pairs.map(({key, value}) => ({
      key: stage.expand(key),
      value: stage.expand(value),
    }));
    for (const {key, value} of pairs) stage.image.labels.set(key, value);
    stage.commitConfig(['LABEL', ...pairs.map(({key, value}) => `${key}=${value}`)].join(' '));
  },
};
