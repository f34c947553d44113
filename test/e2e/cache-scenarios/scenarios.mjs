// All rows, in the order of the page.

import {fileRows} from './rows-files.mjs';
import {mountRows} from './rows-mounts.mjs';
import {sourceRows} from './rows-sources.mjs';
import {cutoffRows, stageRows} from './rows-stages.mjs';
import {textRows} from './rows-text.mjs';

export const scenarios = [...fileRows, ...sourceRows, ...textRows, ...stageRows, ...mountRows, ...cutoffRows];
