// `tsbuild du`.

import {builderFlags} from '../../docker-flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';

export const duCommand: Command = {
  name: 'du',
  section: 'Cache and history',
  usage: ['[--filter FILTER…] [--format FORMAT] [--verbose]'],
  shortUsage: '',
  summary: 'say what takes space in the state directory',
  about:
    'Lists what takes space: layers by the step that made them or the image that they came with, images, cache mounts, notes about contexts, what failed steps had written; each with its size, what it shares with others, when it was last used, and whether it could go. The sums at the end count what several have once.',
  more: [
    'Filters are type=, id=, parent=, description=, inuse, shared, private, mutable, immutable, until=TIME; with == != and ~= as in buildkitd.toml.',
    'Types are regular, source.local, source.http, source.git.checkout, exec.cachemount, internal, failed and image.',
  ].join('\n'),
  flags: [
    {
      name: 'filter',
      value: 'FILTER',
      group: 'Output',
      help: 'only what meets it, such as type=regular (repeatable)',
    },
    formatFlagFor('table, json or a template such as "{{.ID}} {{.Size}}"'),
    {name: 'verbose', group: 'Output', help: 'everything about each of them'},
  ],
  dockerFlags: builderFlags,
  load: async () => {
    const {runDu} = await import('./du.ts');
    return ({flags, operands, io}) => runDu(flags, operands, io);
  },
};
