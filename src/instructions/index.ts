// The shelf of instructions: adding one is a folder here, a member of the union in src/dockerfile/ast.ts, and a line
// below.

import {BuildError} from '../diagnostics/build-error.ts';
import type {InstructionLowerings, InstructionSet} from '../plan/instruction-lowering.ts';
import {assert} from '../util/assert.ts';
import {addLowering} from './add/lower.ts';
import {argLowering} from './arg/lower.ts';
import {cmdLowering} from './cmd/lower.ts';
import {copyLowering} from './copy/lower.ts';
import {entrypointLowering} from './entrypoint/lower.ts';
import {envLowering} from './env/lower.ts';
import {exposeLowering} from './expose/lower.ts';
import {healthcheckLowering} from './healthcheck/lower.ts';
import {labelLowering} from './label/lower.ts';
import {maintainerLowering} from './maintainer/lower.ts';
import {onBuildLowering} from './onbuild/lower.ts';
import {runLowering} from './run/lower.ts';
import {shellLowering} from './shell/lower.ts';
import {stopSignalLowering} from './stopsignal/lower.ts';
import {userLowering} from './user/lower.ts';
import {volumeLowering} from './volume/lower.ts';
import {workdirLowering} from './workdir/lower.ts';

const lowerings: InstructionLowerings = {
  ADD: addLowering,
  ARG: argLowering,
  CMD: cmdLowering,
  COPY: copyLowering,
  ENTRYPOINT: entrypointLowering,
  ENV: envLowering,
  EXPOSE: exposeLowering,
  HEALTHCHECK: healthcheckLowering,
  LABEL: labelLowering,
  MAINTAINER: maintainerLowering,
  ONBUILD: onBuildLowering,
  RUN: runLowering,
  SHELL: shellLowering,
  STOPSIGNAL: stopSignalLowering,
  USER: userLowering,
  VOLUME: volumeLowering,
  WORKDIR: workdirLowering,
};

/** What planning needs to know of the instructions. */
export const instructionSet: InstructionSet = {
  lowerings,
  async readTrigger(text) {
    const {parseInstructionText} = await import('./readers.ts');
    const {instruction, diagnostics} = parseInstructionText(text);
    if (instruction !== undefined) return instruction;
    const [first, ...rest] = diagnostics;
    assert(first !== undefined, 'a trigger that is no instruction has a diagnostic');
    throw new BuildError('user', [first, ...rest]);
  },
};
