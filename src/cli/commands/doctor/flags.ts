// The flags of `tsbuild doctor`.

import type {Flag} from '../../flags.ts';
import {formatFlagFor} from '../../format/flag.ts';

export const doctorFlags: readonly Flag[] = [formatFlagFor('text or json (default: text)')];
