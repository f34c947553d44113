// The flags of `tsbuild shell`: what says how to build (not where the result goes), and which step is meant. `export`
// finds its step in the same way.

import {buildFlags, type Flag} from '../../flags.ts';

export const atFlag: Flag = {
  name: 'at',
  value: 'STEP',
  group: 'Input',
  help: 'STAGE (all of it), STAGE:N (after the step [STAGE N/M] of progress; :N with one stage), or a line of the Dockerfile (after the instruction there)',
};

export const stepBuildFlags: readonly Flag[] = buildFlags.filter(
  ({group, name}) => group !== 'Output' && name !== 'target',
);

export const shellFlags: readonly Flag[] = [
  atFlag,
  {
    name: 'failed',
    group: 'Input',
    help: 'the RUN step that failed last, with what it had written; of this PATH, or anywhere when no PATH is given',
  },
  ...stepBuildFlags,
];
