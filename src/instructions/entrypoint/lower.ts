// ENTRYPOINT: clears the CMD that came from the base, for that was meant for another program; one set in this stage
// stays.

import type {CommandInstruction} from '../../dockerfile/ast.ts';
import {quotedList} from '../../plan/go-format.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const entrypointLowering: InstructionLowering<CommandInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const args = stage.commandLine(instruction.command);
    stage.image.entrypoint = args;
    if (!stage.hasOwnCommand) stage.image.command = [];
    stage.commitConfig(`ENTRYPOINT ${quotedList(args)}`);
  },
};
