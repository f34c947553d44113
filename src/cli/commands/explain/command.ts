// `tsbuild explain`.

import {dockerFlags} from '../../docker-flags.ts';
import {buildFlags} from '../../flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';

export const explainCommand: Command = {
  name: 'explain',
  section: 'Cache and history',
  usage: ['[--format text|json] [FLAGS of build] PATH|URL|-', '--last [--format text|json]'],
  shortUsage: '[FLAGS of build] PATH',
  summary: 'tell why steps of a build are not in the cache: what changed since the nearest one that is',
  about:
    'Says of each step that would run what differs from the nearest record: files by name, variables, options, base images, steps below it. Runs nothing. With --last it tells of the newest build of the history instead.',
  flags: [
    formatFlagFor('text or json (default: text)'),
    {name: 'last', group: 'Input', help: 'tell of the build that was done last, not of one to come'},
    ...buildFlags,
  ],
  dockerFlags,
  load: async () => (await import('./explain.ts')).explainBuild,
};
