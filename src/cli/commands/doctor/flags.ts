// The flags of `tsbuild doctor`.

import type {Flag} from '../../flags.ts';

export const doctorFlags: readonly Flag[] = [
  {name: 'format', value: 'FORMAT', group: 'Output', help: 'text or json (default: text)'},
];
