// `tsbuild run`.

import type {Command} from '../command.ts';
import {runDockerFlags} from './docker-flags.ts';
import {runFlags} from './flags.ts';

export const runCommand: Command = {
  name: 'run',
  section: 'Images',
  usage: ['[FLAGS] IMAGE [COMMAND…]'],
  shortUsage: 'IMAGE [COMMAND]',
  summary: 'run an image in the sandbox of a step; nothing of it is kept',
  about:
    'Runs an image of the local store, or pulls it, in the sandbox of a RUN step. The flags are docker run’s; the process is always in the foreground, what it writes is thrown away, and signals are passed on to it (SIGTERM as the image’s STOPSIGNAL; the third Ctrl-C kills). Without -t, output is passed through byte for byte. Exit code: that of the process, 128 + N when signal N ended it; 125 when tsbuild failed, 126 when the program cannot be run, 127 when there is none.',
  flags: runFlags,
  dockerFlags: runDockerFlags,
  arguments: 'process',
  // Scripts tell docker's numbers from those of the process.
  failureCode: async () => (await import('./run.ts')).exitCodeOfFailure,
  load: async () => {
    const {runRun} = await import('./run.ts');
    return ({flags, operands, io, interrupt}) => runRun(flags, operands, io, interrupt);
  },
};
