// `tsbuild pull`.

import {contentTrust} from '../../docker-flags.ts';
import type {Command} from '../command.ts';

export const pullCommand: Command = {
  name: 'pull',
  section: 'Registries',
  usage: ['[--platform OS/ARCH] [-a] [-q] NAME[:TAG|@DIGEST]'],
  shortUsage: 'NAME[:TAG|@DIGEST]',
  summary: 'fetch an image from its registry into the local store',
  about:
    'Fetches an image from its registry, mirrors of the configuration first, into the local store, with all its layers; of an index the image for this machine, or for --platform. Layers that are here already are not fetched, and a pull that was interrupted goes on with those that are missing. Every byte is verified. Builds fetch what they need themselves: pull is for having it all before.',
  flags: [
    {
      name: 'platform',
      value: 'OS/ARCH',
      group: 'Input',
      help: 'the platform to take (default: this machine)',
    },
    {name: 'all-tags', short: 'a', group: 'Input', help: 'fetch every tag of the repository'},
    {name: 'quiet', short: 'q', group: 'Output', help: 'print the name only'},
  ],
  dockerFlags: [contentTrust],
  load: async () => (await import('./pull.ts')).pull,
};
