// `tsbuild build`, which is also what a command line without a command means.

import {dockerFlags} from '../../docker-flags.ts';
import {buildFlags} from '../../flags.ts';
import type {Act, Command} from '../command.ts';

const act: Act = async ({flags, operands, io, interrupt, engine}) => {
  if (flags.has('check') || flags.last('call') !== undefined) {
    const {callOf} = await import('../../values/call.ts');
    const call = callOf(flags);
    const {runCall} = await import('../call/call.ts');
    if (call.method !== 'build') return runCall(call, flags, operands, io, interrupt);
  }
  const {runBuild} = await import('./build.ts');
  return runBuild(flags, operands, io, {interrupt, ...(engine === undefined ? {} : {engine})});
};

export const buildCommand: Command = {
  name: 'build',
  section: 'Build',
  usage: ['[FLAGS] PATH|URL|-'],
  summary: 'build an image; PATH holds the Dockerfile and its files',
  flags: buildFlags,
  dockerFlags,
  load: async () => act,
};
