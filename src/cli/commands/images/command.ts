// `tsbuild images`.

import type {Command} from '../command.ts';

export const imagesCommand: Command = {
  name: 'images',
  section: 'Images',
  usage: ['[--format table|json] [-q]'],
  shortUsage: '',
  summary: 'list the images of the local store',
  about: 'Lists the images of the local store, newest first.',
  flags: [
    {name: 'format', value: 'FORMAT', group: 'Output', help: 'table or json (default: table)'},
    {name: 'quiet', short: 'q', group: 'Output', help: 'print image IDs only'},
    {name: 'no-trunc', group: 'Output', help: 'print whole IDs'},
  ],
  load: async () => {
    const {runImages} = await import('./images.ts');
    return ({flags, operands, io}) => runImages(flags, operands, io);
  },
};
