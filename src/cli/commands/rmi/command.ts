// `tsbuild rmi`.

import type {Command} from '../command.ts';

export const rmiCommand: Command = {
  name: 'rmi',
  section: 'Images',
  usage: ['[-f] IMAGE…'],
  summary: 'remove names of images, and images with their last name',
  about:
    'Takes a name from an image; with its last name the image is removed from the local store. IMAGE may be an ID, or the beginning of one: then it must have no more than one name, or -f takes them all. Builds that stand on the image stay cached; what nobody needs any more is freed by tsbuild prune.',
  flags: [
    {
      name: 'force',
      short: 'f',
      group: 'Input',
      help: 'remove an ID with all its names; no failure when there is no such image',
    },
  ],
  dockerFlags: [
    {name: 'no-prune', value: false},
    {name: 'platform', value: true, refusal: 'is not there: a name goes with all its platforms'},
  ],
  load: async () => (await import('./rmi.ts')).removeImages,
};
