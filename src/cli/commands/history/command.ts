// `tsbuild history`.

import {buildError} from '../../../diagnostics/build-error.ts';
import {choosePlatformFlag} from '../../flags.ts';
import {formatFlag} from '../../format/flag.ts';
import type {Command} from '../command.ts';

/** What buildx does with its history and Docker Desktop or a viewer, and what there is instead. */
const desktopCommands: Readonly<Record<string, string>> = {
  open: 'opens Docker Desktop, which tsbuild has nothing to do with',
  import: 'gives records of builds to Docker Desktop, which tsbuild has nothing to do with',
  trace: 'opens a viewer for traces, which tsbuild does not have',
};

function desktopOnly(word: string): Error {
  return buildError('usage', 'history-desktop', `"history ${word}" ${desktopCommands[word]}`, {
    hints: ['tsbuild history export -o FILE.html writes timeline, graph and critical path as one page'],
  });
}

export const historyCommand: Command = {
  name: 'history',
  section: 'Images',
  usage: ['[FLAGS] IMAGE', '[--format FORMAT] [-q]'],
  shortUsage: '[IMAGE]',
  summary: 'show how an image came about, newest step first',
  about:
    'Shows the history of an image of the local store as docker does. SIZE is that of the compressed layer; tsbuild layers tells what is in it. Without an image, lists the builds that were recorded here (tsbuild history ls).',
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
  dockerFlags: [
    {
      name: 'file',
      short: 'f',
      value: true,
      refusal: 'is of "history import", which gives records of builds to Docker Desktop',
    },
  ],
  load: async () => async (call) => {
    const [word = ''] = call.operands;
    if (Object.hasOwn(desktopCommands, word)) throw desktopOnly(word);
    if (call.operands.length === 0) return (await import('../history-builds/list.ts')).listBuilds(call);
    return (await import('./image-history.ts')).showImageHistory(call);
  },
};
