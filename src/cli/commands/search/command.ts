// `tsbuild search`.

import {formatFlag} from '../../format/flag.ts';
import type {Command} from '../command.ts';

export const searchCommand: Command = {
  name: 'search',
  section: 'Registries',
  usage: ['[FLAGS] [HOST/]TERM'],
  shortUsage: '[HOST/]TERM',
  summary: 'look for repositories on Docker Hub or in another registry',
  about:
    'Looks for repositories on Docker Hub, or in the registry HOST[:PORT]: by its search where it has one, else by name in the list of its repositories, where it gives one. Most popular first.',
  more: `Filters (--filter, repeatable):
  stars=N                   with so many stars at least
  is-official=true|false    official images of Docker Hub
  is-automated=true|false
Fields of --format: .Name .Description .StarCount .IsOfficial .IsAutomated
`,
  flags: [
    {
      name: 'filter',
      short: 'f',
      value: 'WORD=VALUE',
      group: 'Input',
      help: 'show only what fits (repeatable)',
    },
    formatFlag,
    {name: 'limit', value: 'N', group: 'Input', help: 'show so many, from 1 to 100 (default: 25)'},
    {name: 'no-trunc', group: 'Output', help: 'print whole descriptions'},
  ],
  load: async () => (await import('./search.ts')).searchImages,
};
