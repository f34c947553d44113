// `tsbuild export`.

import type {Command} from '../command.ts';
import {atFlag, stepBuildFlags} from '../shell/flags.ts';

export const exportCommand: Command = {
  name: 'export',
  section: 'Images',
  usage: ['[-o FILE] IMAGE', '--at STEP [-o FILE] [FLAGS] PATH|URL|-'],
  shortUsage: 'IMAGE|--at STEP',
  summary: 'write the file system of an image or a step as a tar',
  about:
    'Writes the files of an image of the local store, or with --at those that there are after a step of a build, as one tar, as the layers make them together: owners, modes, times, links, devices and extended attributes as they are. The build is done as far as the step needs. tsbuild save keeps the layers and the config instead, and tsbuild import makes an image of such a tar.',
  more: `Examples:
  tsbuild export app | tar -t
  tsbuild export -o files.tar app:1
  tsbuild export --at build:3 . | tar -x ./src
`,
  flags: [
    atFlag,
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      group: 'Output',
      help: 'write to FILE (default: standard output)',
    },
    ...stepBuildFlags,
  ],
  load: async () => (await import('./export.ts')).exportFiles,
};
