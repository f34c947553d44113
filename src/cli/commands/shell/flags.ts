// The flags of `tsbuild shell`: what says how to build (not where the result goes), and which step is meant.

import {buildFlags, type Flag} from '../../flags.ts';

export const shellFlags: readonly Flag[] = [
  {
    name: 'at',
    value: 'STEP',
    group: 'Input',
    help: 'STAGE (all of it), STAGE:N (after the step [STAGE N/M] of progress; :N with one stage), or a line of the Dockerfile (after the instruction there)',
  },
  {
    name: 'failed',
    group: 'Input',
    help: 'the RUN step that failed last, with what it had written; of this PATH, or anywhere when no PATH is given',
  },
  ...buildFlags.filter(({group, name}) => group !== 'Output' && name !== 'target'),
];
