// What play.mjs gives.

import type {Scenario} from './scenarios.mjs';

export interface Places {
  readonly url: string;
  /** Address of the registry where an engine does not take docker.io from it. */
  readonly registry?: string;
  /** Of the row's repository. */
  readonly git?: string | undefined;
}

export declare class Play {
  constructor(scenario: Scenario, folder: string, number: number, places: Places);
  readonly context: string;
  /** What is built: the context, or `-`. */
  readonly operand: string;
  /** Standard input of the command. */
  readonly input: Uint8Array | undefined;
  /** More of its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly movingBase: string;
  readonly flags: readonly string[];
  readonly flagsAfter: readonly string[];
  edit(): void;
}

export declare function serveFiles(): Promise<{
  readonly url: string;
  serve(row: number, files?: Scenario['served']): void;
  close(): Promise<void>;
}>;

export declare function stepOf(scenario: Scenario, name: string): string | undefined;
