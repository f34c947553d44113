// What moving-base.mjs gives.

import type {OwnBase} from './scenarios.mjs';

export declare function pushMovingBase(
  address: string,
  folder: string,
  name: string,
  base: OwnBase,
): Promise<void>;
