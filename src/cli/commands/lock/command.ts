// `tsbuild lock`.

import {buildFlags, lockFileFlag} from '../../flags.ts';
import type {Command} from '../command.ts';

const own = new Set(['locked', 'lock-file']);
/** A scanner is an image that the build needs, too. */
const scanners = new Set(['attest', 'sbom']);

export const lockCommand: Command = {
  name: 'lock',
  section: 'Build',
  usage: ['[FLAGS] [--update NAME]… PATH|URL|-'],
  shortUsage: 'PATH|URL|-',
  summary: 'write down what every base image, URL and git ref means now',
  about:
    'Plans the build, looks up everything that it takes from outside, the image of a scanner (--sbom=generator=IMAGE) among it, and writes the digests and commits into a lock file beside the Dockerfile (Dockerfile.lock). Runs no step. What the file has already stays as it is, unless --update names it; what the build no longer needs is dropped. tsbuild build --locked then takes exactly what the file says, and refuses everything else.',
  flags: [
    {
      name: 'update',
      value: 'NAME',
      group: 'Cache',
      help: 'look up this image, URL or repository anew; "all" for everything (repeatable)',
    },
    lockFileFlag,
    ...buildFlags.filter(({name, group}) => {
      return (group === 'Input' || group === 'Progress' || scanners.has(name)) && !own.has(name);
    }),
  ],
  load: async () => (await import('./lock.ts')).writeLock,
};
