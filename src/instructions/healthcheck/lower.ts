// HEALTHCHECK: how to ask a container whether it works. Not in the OCI spec; docker reads it from the config.

import type {HealthcheckInstruction} from '../../dockerfile/ast.ts';
import type {HealthcheckConfig} from '../../oci/image-config.ts';
import {durationText, plainList} from '../../plan/go-format.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';

export const healthcheckLowering: InstructionLowering<HealthcheckInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const test = testOf(instruction);
    const {interval = 0, timeout = 0, startPeriod = 0, startInterval = 0, retries = 0} = instruction;
    const config: HealthcheckConfig = {
      Test: test,
      ...(interval === 0 ? {} : {Interval: interval}),
      ...(timeout === 0 ? {} : {Timeout: timeout}),
      ...(startPeriod === 0 ? {} : {StartPeriod: startPeriod}),
      ...(startInterval === 0 ? {} : {StartInterval: startInterval}),
      ...(retries === 0 ? {} : {Retries: retries}),
    };
    stage.image.healthcheck = config;
    const members = [
      `Test:${plainList(test)}`,
      `Interval:${durationText(interval)}`,
      `Timeout:${durationText(timeout)}`,
      `StartPeriod:${durationText(startPeriod)}`,
      `StartInterval:${durationText(startInterval)}`,
      `Retries:${retries}`,
    ];
    stage.commitConfig(`HEALTHCHECK {${members.join(' ')}}`);
  },
};

function testOf({command}: HealthcheckInstruction): readonly string[] {
  if (command === undefined) return ['NONE'];
  return command.json ? ['CMD', ...command.args] : ['CMD-SHELL', command.args.join(' ')];
}
