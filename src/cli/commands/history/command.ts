// `tsbuild history`.

import {formatFlag} from '../../format/flag.ts';
import {choosePlatformFlag} from '../../platform-flag.ts';
import type {Command} from '../command.ts';

export const historyCommand: Command = {
  name: 'history',
  section: 'Images',
  usage: ['[FLAGS] IMAGE'],
  shortUsage: 'IMAGE',
  summary: 'show how an image came about, newest step first',
  about:
    'Shows the history of an image of the local store as docker does. SIZE is that of the compressed layer; tsbuild layers tells what is in it.',
  more: 'Fields of --format: .ID .CreatedAt .CreatedSince .CreatedBy .Size .Comment\n',
  flags: [
    formatFlag,
    {
      name: 'human',
      short: 'H',
      group: 'Output',
      help: 'sizes and ages for people; --human=false for bytes and times (default: true)',
    },
    {name: 'no-trunc', group: 'Output', help: 'print whole IDs and instructions'},
    {name: 'quiet', short: 'q', group: 'Output', help: 'print image IDs only'},
    choosePlatformFlag,
  ],
  load: async () => (await import('./image-history.ts')).showImageHistory,
};
