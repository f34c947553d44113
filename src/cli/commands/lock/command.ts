// `tsbuild lock`.

import {buildFlags, lockFileFlag} from '../../flags.ts';
import type {Command} from '../command.ts';

const own = new Set(['locked', 'lock-file']);

export const lockCommand: Command = {
  name: 'lock',
  section: 'Build',
  usage: ['[FLAGS] [--update NAME]… PATH|URL|-'],
  shortUsage: 'PATH|URL|-',
  summary: 'write down what every base image, URL and git ref means now',
  about:
    'Plans the build, looks up everything that it takes from outside, and writes the digests and commits into a lock file beside the Dockerfile (Dockerfile.lock). Runs no step. What the file has already stays as it is, unless --update names it; what the build no longer needs is dropped. tsbuild build --locked then takes exactly what the file says, and refuses everything else.',
  flags: [
    {
      name: 'update',
      value: 'NAME',
      group: 'Cache',
      help: 'look up this image, URL or repository anew; "all" for everything (repeatable)',
    },
    lockFileFlag,
    ...buildFlags.filter(({name, group}) => (group === 'Input' || group === 'Progress') && !own.has(name)),
  ],
  load: async () => (await import('./lock.ts')).writeLock,
};
