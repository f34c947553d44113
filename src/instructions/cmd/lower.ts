// CMD: the default command of the image; the shell form goes through the SHELL of this point.

import type {CommandInstruction} from '../../dockerfile/ast.ts';
import {quotedList} from '../../plan/go-format.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const cmdLowering: InstructionLowering<CommandInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const args = stage.commandLine(instruction.command);
    stage.image.command = args;
    stage.image.argsEscaped = true;
    stage.hasOwnCommand = true;
    stage.commitConfig(`CMD ${quotedList(args)}`);
  },
};
