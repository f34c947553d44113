// What moving-base.mjs gives.

export declare function pushMovingBase(
  address: string,
  folder: string,
  name: string,
  version: string,
): Promise<void>;
