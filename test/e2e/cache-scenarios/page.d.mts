// What page.mjs gives.

import type {Scenario, Verdict} from './scenarios.mjs';

export declare function scenarioPage(
  rows: readonly Scenario[],
  asked: {
    readonly version: string;
    readonly verdicts: Readonly<Record<string, Readonly<Record<string, Verdict>>>>;
  },
): string;
