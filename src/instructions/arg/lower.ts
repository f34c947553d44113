// ARG: a variable for the build only. --build-arg wins, then the default, then the ARG of that name before the first
// FROM; with none of them the variable does not exist. Unlike ENV, each default sees the ARGs before it on the line.

import type {ArgInstruction} from '../../dockerfile/ast.ts';
import {nonEnvironmentArguments, ownValue} from '../../plan/build-args.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';
import type {StageState} from '../../plan/stage-state.ts';

export const argLowering: InstructionLowering<ArgInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const texts = instruction.args.map(({key, value: fallback}) => {
      const value = argumentValue(key, fallback, stage);
      if (value !== undefined && !nonEnvironmentArguments.has(key)) stage.environment.set(key, value);
      stage.declaredArguments.push({key, value});
      return value === undefined ? key : `${key}=${value}`;
    });
    stage.commitConfig(`ARG ${texts.join(' ')}`);
  },
};

function argumentValue(key: string, fallback: string | undefined, stage: StageState): string | undefined {
  const given = ownValue(stage.scope.buildArgs, key);
  if (given !== undefined) return given;
  return fallback === undefined ? stage.scope.globals.get(key) : stage.expand(fallback);
}
