// The engine's entry as the command line sees it, so that tests can put another in its place.

import type {BuildRequest, BuildResult, EngineOptions} from '../build/request.ts';

export type BuildFunction = (
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
) => Promise<BuildResult>;
