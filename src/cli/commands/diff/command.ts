// `tsbuild diff`.

import {choosePlatformFlag} from '../../flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';

export const diffCommand: Command = {
  name: 'diff',
  section: 'Images',
  usage: ['[FLAGS] IMAGE IMAGE'],
  summary: 'show in what two images differ: config, history, layers, files',
  about:
    'Compares two images of the local store: config member by member, instructions, layers, and the files that the layers make, with what differs of each (type, mode, owner, size, content, time, extended attributes). Prints nothing when they are alike.',
  flags: [
    {name: 'exit-code', group: 'Output', help: 'exit code 1 when the images differ'},
    formatFlagFor('text or json (default: text)'),
    choosePlatformFlag,
  ],
  load: async () => (await import('./diff.ts')).diffImages,
};
