// `tsbuild inspect`.

import type {Command} from '../command.ts';

export const inspectCommand: Command = {
  name: 'inspect',
  section: 'Images',
  usage: ['IMAGE'],
  summary: 'show an image’s config and manifest as JSON',
  about:
    'Prints config and manifest of an image of the local store as JSON. IMAGE is a name, or the beginning of an image ID or manifest digest.',
  flags: [],
  load: async () => {
    const {runInspect} = await import('./inspect.ts');
    return ({flags, operands, io}) => runInspect(flags, operands, io);
  },
};
