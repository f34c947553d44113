// `tsbuild shell`.

import type {Command} from '../command.ts';
import {shellFlags} from './flags.ts';

export const shellCommand: Command = {
  name: 'shell',
  section: 'Build',
  usage: ['--at STEP [FLAGS] PATH|URL|- [-- COMMAND…]', '--failed [PATH] [-- COMMAND…]'],
  shortUsage: '--at STEP|--failed',
  summary: 'open a shell where a step left off',
  about:
    'Opens a shell (or runs COMMAND) in the file system of a step: the state after it, built as far as needed, with the environment, directory and user that RUN would have there. Of a step that fails, and with --failed of the one that failed last, the state in which the failed RUN step left off, also hours later: its files, environment and mounts, but no secrets. It is kept until its Dockerfile is built again. What the shell writes is thrown away.',
  flags: shellFlags,
  arguments: 'dashes',
  load: async () => {
    const {runShell} = await import('./shell.ts');
    return ({flags, operands, afterDashes, io, interrupt}) =>
      runShell(flags, operands, afterDashes, io, interrupt);
  },
};
