// `tsbuild plan`.

import {dockerFlags} from '../../docker-flags.ts';
import {buildFlags} from '../../flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';

export const planCommand: Command = {
  name: 'plan',
  section: 'Cache and history',
  usage: ['[--format text|json|dot|mermaid] [FLAGS of build] PATH|URL|-'],
  shortUsage: '[FLAGS of build] PATH',
  summary: 'tell what a build would find in the cache, run and pull, and how long it would take',
  about:
    'Looks up every step of a build as the build would, and runs none. Of a step whose inputs would run it is not known whether it will be found: their results may be the same as before. Times are those of earlier builds of this history. Nothing is pulled but manifests.',
  flags: [formatFlagFor('text, json, or a graph: dot (Graphviz) or mermaid (default: text)'), ...buildFlags],
  dockerFlags,
  load: async () => (await import('./plan.ts')).showPlan,
};
