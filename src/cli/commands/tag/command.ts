// `tsbuild tag`.

import type {Command} from '../command.ts';

export const tagCommand: Command = {
  name: 'tag',
  section: 'Images',
  usage: ['IMAGE NAME[:TAG]'],
  summary: 'give an image another name',
  about:
    'Gives an image of the local store another name. A name that another image had is taken from it. Of an index the whole index gets the name.',
  flags: [],
  load: async () => (await import('./tag.ts')).tagImage,
};
