// `tsbuild prune`.

import {builderFlags} from '../../docker-flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';

export const pruneCommand: Command = {
  name: 'prune',
  section: 'Cache and history',
  usage: ['[--all] [--filter FILTER…] [--max-used-space SIZE] [--dry-run] [-f]', '--automatic [--dry-run]'],
  shortUsage: '',
  summary: 'remove what the cache keeps',
  about:
    'Removes what the cache keeps, the longest unused first, and never what a running tsbuild uses or what an image with a name needs. Without limits everything goes that the filters leave; --max-used-space, --reserved-space and --min-free-space remove only as much as it takes. Nothing is asked with --force.',
  more: [
    'Filters are type=, id=, parent=, description=, inuse, shared, private, mutable, immutable, until=TIME; with == != and ~= as in buildkitd.toml.',
    '"tsbuild prune --dry-run" says of everything whether it would go, and why.',
  ].join('\n'),
  flags: [
    {
      name: 'all',
      short: 'a',
      group: 'Cache',
      help: 'also what images share, notes, manifests of base images and images without a name',
    },
    {
      name: 'filter',
      value: 'FILTER',
      group: 'Cache',
      help: 'only what meets it, such as until=24h or type=exec.cachemount (repeatable)',
    },
    {
      name: 'max-used-space',
      value: 'SIZE',
      group: 'Cache',
      help: 'remove until no more than this is used, such as 10GB or 20%',
    },
    {name: 'reserved-space', value: 'SIZE', group: 'Cache', help: 'keep this much in any case'},
    {name: 'keep-storage', value: 'SIZE', group: 'Cache', help: 'the old name of --reserved-space'},
    {
      name: 'min-free-space',
      value: 'SIZE',
      group: 'Cache',
      help: 'remove until this much of the disk is free',
    },
    {
      name: 'automatic',
      group: 'Cache',
      help: 'apply the policies of the configuration ([gc], gcpolicy), as happens by itself after builds',
    },
    {name: 'force', short: 'f', group: 'Cache', help: 'do not ask'},
    {name: 'dry-run', group: 'Output', help: 'remove nothing, say what would go or stay and why'},
    formatFlagFor('table, json or a template such as "{{.ID}} {{.Reason}}"'),
    {name: 'verbose', group: 'Output', help: 'whole IDs and reasons'},
  ],
  dockerFlags: builderFlags,
  load: async () => {
    const {runPrune} = await import('./prune.ts');
    return ({flags, operands, io, interrupt}) => runPrune(flags, operands, io, interrupt);
  },
};
