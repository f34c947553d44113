// All rows, in the order of the page.

import {fileRows} from './rows-files.mjs';
import {stageRows} from './rows-stages.mjs';
import {textRows} from './rows-text.mjs';

export const scenarios = [...fileRows, ...textRows, ...stageRows];
