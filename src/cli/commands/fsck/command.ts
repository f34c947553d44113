// `tsbuild fsck`.

import type {Command} from '../command.ts';

export const fsckCommand: Command = {
  name: 'fsck',
  section: 'Cache and history',
  usage: ['[--deep] [--repair]'],
  shortUsage: '',
  summary: 'check that everything in the state directory is what it says',
  about:
    'Reads every blob and compares its digest, follows what images and records lead to, and lists what processes that were killed have left. With --repair what is wrong is removed, which costs cache misses. Exit code: 0 when nothing is wrong (leftovers are harmless), 1 when something is or was.',
  flags: [
    {name: 'deep', group: 'Cache', help: 'also pack every layer made here again and compare'},
    {name: 'repair', group: 'Cache', help: 'remove what is wrong, and leftovers'},
  ],
  load: async () => {
    const {runFsck} = await import('./fsck.ts');
    return ({flags, operands, io, interrupt}) => runFsck(flags, operands, io, interrupt);
  },
};
