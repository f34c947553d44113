// `tsbuild export`.

import {choosePlatformFlag} from '../../flags.ts';
import type {Command} from '../command.ts';

export const exportCommand: Command = {
  name: 'export',
  section: 'Images',
  usage: ['[-o FILE] IMAGE'],
  shortUsage: 'IMAGE',
  summary: 'write the file system of an image as a tar',
  about:
    'Writes the files of an image of the local store as one tar, as the layers make them together: owners, modes, times, links, devices and extended attributes as they are. tsbuild save keeps the layers and the config instead.',
  more: `Examples:
  tsbuild export app | tar -t
  tsbuild export -o files.tar app:1
`,
  flags: [
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      group: 'Output',
      help: 'write to FILE (default: standard output)',
    },
    choosePlatformFlag,
  ],
  load: async () => (await import('./export.ts')).exportImage,
};
