// `tsbuild push`.

import {contentTrust} from '../../docker-flags.ts';
import {signKeyFlag} from '../../flags.ts';
import type {Command} from '../command.ts';

export const pushCommand: Command = {
  name: 'push',
  section: 'Registries',
  usage: ['[-a] [--platform OS/ARCH] [-q] [--sign-key FILE] NAME[:TAG]'],
  shortUsage: 'NAME[:TAG]',
  summary: 'send an image of the local store to its registry',
  about:
    'Sends an image of the local store to the registry and repository that its name says; of an index every image in it. Only what the registry lacks is sent: blobs that are there stay, blobs of other repositories of the same registry are mounted, and an upload that broke, in this run or one before, goes on where it broke. The tag moves last. tsbuild tag gives an image the name that it is pushed under, tsbuild login the right to.',
  flags: [
    {
      name: 'all-tags',
      short: 'a',
      group: 'Input',
      help: 'push every tag that the repository has in the local store',
    },
    {
      name: 'platform',
      value: 'OS/ARCH',
      group: 'Input',
      help: 'of an index only the image for this platform, without attestations (default: all of it)',
    },
    signKeyFlag,
    {name: 'quiet', short: 'q', group: 'Output', help: 'print the name only'},
  ],
  dockerFlags: [contentTrust],
  load: async () => (await import('./push.ts')).push,
};
